/**
 * Writes an image into a board's flash: esptool-js speaks the loader protocol, this file decides what may be written where, and turns
 * every failure into one sentence.
 */
import { ESPLoader, Transport } from 'esptool-js';
import { FailureError, messageOf } from '../errors.ts';
import type { Firmware } from '../firmware/index.ts';
import { type Connection, DEFAULT_BAUD, whileConnected } from './connection.ts';
import { calmWatchdogs, isNativeUsb, restart } from './restart.ts';
import { type WebSerialPort, webSerialPort } from './web-serial.ts';
import { type FlashPart, writeFlash } from './write.ts';

export type { FlashPart } from './write.ts';

/** What the image wants of the board. */
export interface BoardNeeds {
  flashBytes: number;
  psramBytes: number;
}

export const needsOf = ({ flash, memoryMap, board }: Firmware): BoardNeeds => ({
  flashBytes: flash.length,
  psramBytes: memoryMap.regions.some(({ name }) => name === 'psram') ? board.psramBytes : 0,
});

export interface ChipIdentity {
  chip: string;
  /** "v0.2" */
  revision: string;
  mac: string;
  flashBytes: number;
  /** PSRAM in the chip's package, in MB; 0 for none. */
  psramMegabytes: number;
}

export interface FlashOptions {
  needs: BoardNeeds;
  /** Rate for the transfer; connecting happens at 115,200. */
  baud?: number;
  /** False where the board is in download mode already and its lines are to be left alone. */
  reset?: boolean;
  onIdentity?: (identity: ChipIdentity) => void;
  /** Asked once the board is known and found fit: only with true is anything written. */
  mayWrite?: () => Promise<boolean>;
  /** All is written and verified; the next moment the board is reset. */
  onRestart?: () => void;
  /** Bytes of the image written so far, and in all. */
  onProgress?: (done: number, total: number) => void;
  /** What the loader says on its way, for a log. */
  onLog?: (line: string) => void;
}

const MEGABYTE = 2 ** 20;
/** PSRAM_CAP of eFuse block 1 word 4 bits 4:3 (esptool targets/esp32s3.py). */
const PSRAM_MEGABYTES = [0, 8, 2, 16];

/**
 * Connects, identifies, checks, writes compressed, verifies by MD5 and resets. Whether the program runs then, only the program can say:
 * see `awaitProgram`.
 */
export async function flashBoard(
  connection: Connection,
  parts: readonly FlashPart[],
  options: FlashOptions,
): Promise<ChipIdentity> {
  const port = webSerialPort(connection);
  const loader = createLoader(port, options);
  let heard = 0;
  const stopHearing = connection.onData(({ length }) => (heard += length));
  try {
    const identity = await whileConnected(connection, writeParts(loader, connection, parts, options));
    options.onRestart?.();
    await restart(connection, loader);
    return identity;
  } catch (error) {
    throw explain(error, connection, heard > 0);
  } finally {
    stopHearing();
    await port.close();
  }
}

async function writeParts(
  loader: ESPLoader,
  connection: Connection,
  parts: readonly FlashPart[],
  options: FlashOptions,
): Promise<ChipIdentity> {
  await loader.detectChip(options.reset === false ? 'no_reset' : 'default_reset');
  refuseOtherChips(loader, connection);
  leaveClassicRegistersAlone(loader);
  const identity = await identify(loader);
  options.onIdentity?.(identity);
  refuseUnfit(identity, parts, options.needs);
  if (isNativeUsb(connection)) await calmWatchdogs(loader);
  if (options.mayWrite && !(await options.mayWrite()))
    throw new FailureError(`${connection.name}: nothing was written`);
  await loader.runStub();
  if (options.baud && options.baud !== DEFAULT_BAUD) await loader.changeBaud();
  await writeFlash(loader, parts, options.onProgress);
  return identity;
}

function createLoader(port: WebSerialPort, { baud = DEFAULT_BAUD, onLog }: FlashOptions): ESPLoader {
  const transport = new Transport(port as unknown as ConstructorParameters<typeof Transport>[0]);
  transport.trace = (message) => onLog?.(message); // it would print to the console
  const log = (text: string): void => onLog?.(text);
  return new ESPLoader({
    transport,
    baudrate: baud,
    romBaudrate: DEFAULT_BAUD,
    terminal: { clean: () => {}, write: log, writeLine: log },
  });
}

function refuseOtherChips(loader: ESPLoader, { name }: Connection): void {
  const chip = loader.chip.CHIP_NAME;
  if (chip !== 'ESP32-S3')
    throw new FailureError(
      `${name}: this is an ${chip}; the firmware runs on an ESP32-S3 only, nothing was written`,
    );
  if (loader.secureDownloadMode) {
    throw new FailureError(
      `${name}: the chip is in secure download mode and takes signed images only; nothing was written`,
    );
  }
}

/**
 * esptool-js asks for the revision before it uploads its stub, by the classic ESP32's addresses also on an S3, where nothing lies at
 * them (an exception in the ROM's loader, behind an emulator that says so). The S3's stub does not depend on it.
 */
function leaveClassicRegistersAlone({ chip }: ESPLoader): void {
  (chip as { getChipRevision?: unknown }).getChipRevision = undefined;
}

/** The S3's own readers of its eFuses, which the base class does not declare. */
interface S3Fuses {
  getPsramCap(loader: ESPLoader): Promise<number>;
  getMajorChipVersion(loader: ESPLoader): Promise<number>;
  getMinorChipVersion(loader: ESPLoader): Promise<number>;
}

async function identify(loader: ESPLoader): Promise<ChipIdentity> {
  const chip = loader.chip as typeof loader.chip & S3Fuses;
  const flashId = await loader.readFlashId();
  return {
    chip: chip.CHIP_NAME,
    revision: `v${await chip.getMajorChipVersion(loader)}.${await chip.getMinorChipVersion(loader)}`,
    mac: await chip.readMac(loader),
    flashBytes: 2 ** ((flashId >> 16) & 0xff), // JEDEC capacity byte: power of two
    psramMegabytes: PSRAM_MEGABYTES[await chip.getPsramCap(loader)] ?? 0,
  };
}

function refuseUnfit(
  { flashBytes, psramMegabytes }: ChipIdentity,
  parts: readonly FlashPart[],
  needs: BoardNeeds,
): void {
  const end = Math.max(needs.flashBytes, ...parts.map(({ address, data }) => address + data.length));
  if (flashBytes < MEGABYTE || flashBytes > 256 * MEGABYTE) {
    throw new FailureError(
      'the flash chip does not answer: check that nothing else is wired to GPIO26-32; nothing was written',
    );
  }
  if (end > flashBytes) {
    throw new FailureError(
      `the image needs ${Math.ceil(end / MEGABYTE)} MB of flash and this board has ${flashBytes / MEGABYTE} MB; build for it with another --board or a smaller model; nothing was written`,
    );
  }
  if (needs.psramBytes > psramMegabytes * MEGABYTE) {
    throw new FailureError(
      `the image needs ${Math.ceil(needs.psramBytes / MEGABYTE)} MB of PSRAM and this chip has ${psramMegabytes || 'none'}${psramMegabytes ? ' MB' : ''}; build for it with another --board; nothing was written`,
    );
  }
}

/** Sentences for what esptool-js throws. */
const FAILURES: readonly (readonly [pattern: RegExp, sentence: string])[] = [
  [
    /MD5/i,
    'what was written reads back differently (MD5): flash again, at a lower --baud if it happens twice',
  ],
  [
    /Unexpected chip|chip id|magic/i,
    'this is no chip that is known here; the firmware runs on an ESP32-S3 only, nothing was written',
  ],
  [
    /noise|corruption|No serial data|timeout|timed out|Invalid (head|SLIP)|status|Failed to|invalid response|unexpected/i,
    'the transfer broke down (noise on the line, or the board was reset): flash again, at a lower --baud if it happens twice',
  ],
];

const UNCONNECTED = /Failed to connect/i;
const noLoader = (wasHeard: boolean): string =>
  `${wasHeard ? "something answers on this port, but no chip's loader" : 'nothing answers on this port'}: if it is the board's, hold its BOOT button, press and release RESET, release BOOT, and try again; if not, choose another port`;

function explain(error: unknown, { name }: Connection, wasHeard: boolean): Error {
  if (error instanceof FailureError) return error;
  const message = messageOf(error);
  if (UNCONNECTED.test(message)) return new FailureError(`${name}: ${noLoader(wasHeard)}`);
  const known = FAILURES.find(([pattern]) => pattern.test(message));
  return new FailureError(`${name}: ${known ? known[1] : message}`);
}
