/**
 * The serial loader of the ESP32-S3's mask ROM, answer for answer (docs/esp32-s3.md C9.9), and the protocol of the flasher stub that tools upload
 * into it. The stub itself is not run: it calls ROM functions that are not here; a program uploaded with MEM_* that holds the stub's
 * greeting "OHAI" is taken for one, and from then on its protocol is spoken.
 */
import { md5 as md5Of } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { latin1, latin1Bytes } from '../../bytes.ts';
import {
  buildResponse,
  CHIP_ID,
  ERROR,
  OP,
  parseRequest,
  type Request,
  SECTOR_BYTES,
  SYNC_WORD,
  wordsOf,
} from './protocol.ts';
import { createSlipDecoder, slipEncode } from './slip.ts';
import { deflateSink, type PacketSink, plainSink, type Target } from './writer.ts';

/** The chip around the loader. */
export interface LoaderHost {
  flash: Uint8Array;
  /** Sends bytes on the wire the host talks through. */
  send(bytes: Uint8Array): void;
  read32(address: number): number;
  write32(address: number, value: number): void;
  /** Stores an uploaded program; false where there is no RAM. */
  writeMemory(address: number, bytes: Uint8Array): boolean;
  /** Sets the line's rate from its divider after CHANGE_BAUDRATE, in bits per second. */
  setBaud(rate: number): void;
  /** MEM_END: the ROM calls the program at `entry`. */
  run(entry: number): void;
  /** FLASH_END 0: software reset of the system. */
  reset(): void;
  /** FLASH_END 1: leaves the loader (`user code done`). */
  leave(): void;
}

export interface Loader {
  receive(bytes: Uint8Array): void;
  /** True once a flasher stub was started. */
  readonly stub: boolean;
}

/** A frame that answers nothing but a status. */
const NOTHING = new Uint8Array(0);
/** Largest packet of any tool: the stub's 16 KB, header and escapes aside. */
const LARGEST_FRAME = 0x10000;
const STUB_GREETING = 'OHAI';

/** Bytes of payload below which a command is malformed (FLASH_BEGIN: 20 for the ROM, 16 for the stub, see there). */
const SMALLEST_PAYLOAD: Partial<Record<number, number>> = {
  [OP.FLASH_BEGIN]: 16,
  [OP.FLASH_END]: 4,
  [OP.MEM_BEGIN]: 16,
  [OP.MEM_END]: 8,
  [OP.SYNC]: 4,
  [OP.WRITE_REG]: 12,
  [OP.READ_REG]: 4,
  [OP.SPI_SET_PARAMS]: 24,
  [OP.SPI_ATTACH]: 4,
  [OP.READ_FLASH_SLOW]: 8,
  [OP.CHANGE_BAUDRATE]: 8,
  [OP.FLASH_DEFL_BEGIN]: 16,
  [OP.FLASH_DEFL_END]: 4,
  [OP.SPI_FLASH_MD5]: 8,
  [OP.ERASE_REGION]: 8,
  [OP.READ_FLASH]: 16,
};

/** What a command gives back: an error code, data with success, or nothing where it has answered itself. */
type Answer = number | Uint8Array;

/** A conversation with a tool. */
interface Session {
  readonly host: LoaderHost;
  /** Of READ_REG, in every answer from then on. */
  value: number;
  stub: boolean;
  /** Takes the packets of the transfer that is under way. */
  sink: PacketSink | undefined;
  /** What MEM_DATA has brought. */
  uploaded: string;
  readonly flash: Target;
  readonly memory: Target;
  respond(op: number, answer: Answer): void;
}

type Handler = (session: Session, request: Request, words: number[]) => Answer | 'answered';

function createSession(host: LoaderHost): Session {
  /** Bytes 2 to 4 of the status keep what an earlier answer left there. */
  const status = new Uint8Array(4);
  const session: Session = {
    host,
    value: 0,
    stub: false,
    sink: undefined,
    uploaded: '',
    flash: {
      write(offset, data) {
        if (offset + data.length > host.flash.length) return false;
        host.flash.set(data, offset);
        return true;
      },
    },
    memory: {
      write(address, data) {
        session.uploaded += latin1(data);
        return host.writeMemory(address, data);
      },
    },
    respond(op, answer) {
      const failed = typeof answer === 'number' && answer !== 0;
      status[0] = failed ? 1 : 0;
      if (failed) status[1] = answer;
      const data = typeof answer === 'number' ? NOTHING : answer;
      const trailer = session.stub ? Uint8Array.of(status[0], failed ? status[1] : 0) : status;
      const payload = new Uint8Array(data.length + trailer.length);
      payload.set(data);
      payload.set(trailer, data.length);
      host.send(slipEncode(buildResponse(op, session.value, payload)));
    },
  };
  return session;
}

function begin(session: Session, make: () => PacketSink, fits: boolean): number {
  session.sink = fits ? make() : undefined;
  return fits ? 0 : ERROR.BAD_FORMAT;
}

function erase({ flash }: LoaderHost, offset: number, size: number): void {
  const start = offset - (offset % SECTOR_BYTES);
  const end = Math.ceil((offset + size) / SECTOR_BYTES) * SECTOR_BYTES;
  flash.fill(0xff, start, Math.min(flash.length, end));
}

const beginFlash: Handler = (session, { data, op }, [size, packets, packetBytes, offset]) => {
  const { host, stub, flash: target } = session;
  const deflated = op === OP.FLASH_DEFL_BEGIN;
  const complete = data.length >= (stub ? 16 : 20);
  const fits =
    complete &&
    offset + (deflated ? 0 : size) <= host.flash.length + SECTOR_BYTES &&
    offset < host.flash.length;
  if (fits) erase(host, offset, size);
  const transfer = { packets, packetBytes, offset, target };
  return begin(session, () => (deflated ? deflateSink({ ...transfer, size }) : plainSink(transfer)), fits);
};

const takePacket: Handler = (session, request) => {
  const error = session.sink ? session.sink(request) : ERROR.BAD_FORMAT;
  if (error !== 0) session.sink = undefined; // after a bad packet the transfer is lost: begin again
  return error;
};

const endFlash: Handler = (session, { op }, [stay]) => {
  session.sink = undefined;
  session.respond(op, 0);
  if (stay === 0) session.host.reset();
  else if (!session.stub) session.host.leave();
  return 'answered';
};

const endMemory: Handler = (session, { op }, [stay, entry]) => {
  const { host } = session;
  session.respond(op, 0);
  if (stay === 0 && session.uploaded.includes(STUB_GREETING)) {
    session.stub = true;
    host.send(slipEncode(latin1Bytes(STUB_GREETING)));
  } else if (stay === 0) host.run(entry);
  session.uploaded = '';
  return 'answered';
};

/** Records of address, value, mask and a delay in microseconds, one after another. */
const writeRegisters: Handler = ({ host }, { data }) => {
  const words = wordsOf(data);
  for (let i = 0; i + 2 < words.length; i += 4) {
    const [address, wanted, mask] = words.slice(i);
    const kept = mask === 0xffffffff ? 0 : host.read32(address) & ~mask;
    host.write32(address, (kept | (wanted & mask)) >>> 0);
  }
  return 0;
};

/** Flags, crypt count, seven key purposes (the last reads 0x0C with empty eFuses), chip id, eco version. */
function securityInfo(): Uint8Array {
  const info = new Uint8Array(20);
  info[11] = 0x0c;
  info[12] = CHIP_ID;
  return info;
}

const HANDLERS: Partial<Record<number, Handler>> = {
  [OP.SYNC]: (session, { data, op }) => {
    session.value = wordsOf(data)[0] === SYNC_WORD ? SYNC_WORD : session.value;
    for (let i = 0; i < (session.stub ? 1 : 8); i++) session.respond(op, 0);
    return 'answered';
  },
  [OP.READ_REG]: (session, _request, [address]) => {
    session.value = session.host.read32(address) >>> 0;
    return 0;
  },
  [OP.WRITE_REG]: writeRegisters,
  [OP.SPI_SET_PARAMS]: () => 0,
  [OP.SPI_ATTACH]: () => 0,
  [OP.FLASH_BEGIN]: beginFlash,
  [OP.FLASH_DEFL_BEGIN]: beginFlash,
  [OP.FLASH_DATA]: takePacket,
  [OP.FLASH_DEFL_DATA]: takePacket,
  [OP.MEM_DATA]: takePacket,
  [OP.FLASH_END]: endFlash,
  [OP.FLASH_DEFL_END]: endFlash,
  [OP.MEM_BEGIN]: (session, _request, [, packets, packetBytes, offset]) =>
    begin(session, () => plainSink({ packets, packetBytes, offset, target: session.memory }), true),
  [OP.MEM_END]: endMemory,
  [OP.READ_FLASH_SLOW]: ({ host }, _request, [offset, length]) =>
    length <= 64 && offset + length <= host.flash.length
      ? host.flash.slice(offset, offset + 64)
      : ERROR.READ_LENGTH,
  [OP.CHANGE_BAUDRATE]: (session, { op }, [rate]) => {
    session.respond(op, 0); // still at the old rate
    session.host.setBaud(rate);
    return 'answered';
  },
  [OP.SPI_FLASH_MD5]: ({ host, stub }, _request, [address, size]) => {
    const digest = md5Of(host.flash.subarray(address, address + size));
    return stub ? digest : latin1Bytes(bytesToHex(digest));
  },
  [OP.GET_SECURITY_INFO]: securityInfo,
};

const STUB_HANDLERS: Partial<Record<number, Handler>> = {
  [OP.ERASE_FLASH]: ({ host }) => {
    host.flash.fill(0xff);
    return 0;
  },
  [OP.ERASE_REGION]: ({ host }, _request, [offset, size]) => {
    erase(host, offset, size);
    return 0;
  },
  [OP.READ_FLASH]: ({ host, respond }, _request, [offset, length, blockBytes]) => {
    if (blockBytes === 0) return ERROR.READ_LENGTH;
    respond(OP.READ_FLASH, 0);
    const data = host.flash.subarray(offset, offset + length);
    for (let at = 0; at < data.length; at += blockBytes)
      host.send(slipEncode(data.subarray(at, at + blockBytes)));
    host.send(slipEncode(md5Of(data)));
    return 'answered';
  },
  [OP.RUN_USER_CODE]: ({ host }) => {
    host.reset();
    return 'answered';
  },
};

/** A loader that has just printed `waiting for download`. */
export function createLoader(host: LoaderHost): Loader {
  const session = createSession(host);
  let lastOp = 0;
  const decode = createSlipDecoder(LARGEST_FRAME, (frame) => {
    const request = parseRequest(frame);
    if (!request) return;
    const handler = HANDLERS[request.op] ?? (session.stub ? STUB_HANDLERS[request.op] : undefined);
    if (!handler) {
      session.respond(session.stub ? request.op : lastOp, ERROR.BAD_FORMAT); // the ROM answers with the op of the command before
      return;
    }
    lastOp = request.op;
    const tooShort = request.data.length < (SMALLEST_PAYLOAD[request.op] ?? 0);
    const answer = tooShort ? ERROR.BAD_FORMAT : handler(session, request, wordsOf(request.data));
    if (answer !== 'answered') session.respond(request.op, answer);
  });
  return {
    receive: (bytes) => bytes.forEach(decode),
    get stub() {
      return session.stub;
    },
  };
}
