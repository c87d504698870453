/** A board for tests that is nothing but the ROM's serial loader over a flash, with faults to order. */
import { createLoader, type LoaderHost } from '../chip/download/index.ts';
import type { Connection } from './connection.ts';
import { createListeners, createSignal } from './listeners.ts';

export interface Faults {
  /** Changes the bytes on their way to the host; undefined swallows them. */
  toHost?: (bytes: Uint8Array) => Uint8Array | undefined;
  toBoard?: (bytes: Uint8Array) => Uint8Array | undefined;
}

export interface LoaderBoard {
  connection: Connection;
  flash: Uint8Array;
  /** Pulls the cable. */
  unplug(): void;
  /** Resets the chip behind the tool's back: it boots its flash and is no loader any more. */
  crash(): void;
  resets: number;
}

const SPI1_CMD = 0x60002000;
const SPI1_USER2 = 0x60002020;
const SPI1_W0 = 0x60002058;
const SPI_USER_COMMAND = 1 << 18;
const READ_ID = 0x9f;
const EFUSE_BLOCK1_WORD4 = 0x60007054;

export interface LoaderBoardOptions extends Faults {
  flashBytes?: number;
  /** PSRAM_CAP of the eFuses: 1 is 8 MB. */
  psramCode?: number;
  /** Chip id in GET_SECURITY_INFO. */
  chipId?: number;
}

export function createLoaderBoard(options: LoaderBoardOptions = {}): LoaderBoard {
  const flash = new Uint8Array(options.flashBytes ?? 8 * 2 ** 20).fill(0xff);
  const registers = new Map<number, number>([[EFUSE_BLOCK1_WORD4, (options.psramCode ?? 0) << 3]]);
  const toHost = createListeners<Uint8Array>();
  const closed = createSignal();
  let open = true;
  const host: LoaderHost = {
    flash,
    send(bytes) {
      const patched = patchChipId(bytes, options.chipId);
      const sent = options.toHost ? options.toHost(patched) : patched;
      if (sent && open) setImmediate(() => toHost.emit(sent));
    },
    read32: (address) => registers.get(address) ?? 0,
    write32(address, value) {
      registers.set(address, value);
      if (address !== SPI1_CMD || (value & SPI_USER_COMMAND) === 0) return;
      registers.set(SPI1_CMD, 0);
      const command = registers.get(SPI1_USER2)! & 0xffff;
      if (command === READ_ID) registers.set(SPI1_W0, (Math.log2(flash.length) << 16) | 0x40ef);
    },
    writeMemory: () => true,
    setBaud: () => {},
    run: () => {},
    reset: () => {},
    leave: () => {},
  };
  const board: LoaderBoard = {
    flash,
    resets: 0,
    crash() {
      loader = { receive: () => {}, stub: false };
      toHost.emit(Buffer.from('ESP-ROM:esp32s3-20210327\r\nrst:0x10 (RTCWDT_RTC_RST)\r\n'));
    },
    unplug() {
      open = false;
      closed.emit();
    },
    connection: {
      name: 'test board',
      hasLines: true,
      write: async (bytes) => {
        const received = options.toBoard ? options.toBoard(bytes) : bytes;
        if (received && open) loader.receive(received);
      },
      onData: toHost.add,
      onClose: closed.add,
      setLines: async ({ rts }) => {
        if (!rts) return;
        board.resets++;
        loader = createLoader(host);
      },
      setBaud: async () => {},
      close: async () => {},
    },
  };
  let loader = createLoader(host);
  return board;
}

/** Puts another chip id into a GET_SECURITY_INFO answer. */
function patchChipId(bytes: Uint8Array, chipId: number | undefined): Uint8Array {
  const securityInfo = 0x14;
  if (chipId === undefined || bytes[2] !== securityInfo || bytes.length < 30) return bytes;
  const patched = bytes.slice();
  patched[21] = chipId;
  return patched;
}
