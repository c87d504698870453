import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLoader, type Loader } from './index.ts';
import { checksumOf, OP } from './protocol.ts';
import { createSlipDecoder, slipEncode } from './slip.ts';

/** Little-endian words as bytes. */
const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

interface Bench {
  loader: Loader;
  flash: Uint8Array;
  events: string[];
  memory: Map<number, Uint8Array>;
  /** Sends one command; the frames that come back, in hex. */
  ask(op: number, data: Uint8Array, checksum?: number): string[];
}

function bench(): Bench {
  const flash = new Uint8Array(2 ** 20).fill(0xff);
  const events: string[] = [];
  const memory = new Map<number, Uint8Array>();
  let frames: string[] = [];
  const decode = createSlipDecoder(1e6, (frame) => frames.push(Buffer.from(frame).toString('hex')));
  const loader = createLoader({
    flash,
    send: (bytes) => bytes.forEach(decode),
    read32: (address) => (address === 0x40001000 ? 9 : 0),
    write32: (address, value) => events.push(`write ${address.toString(16)} ${value.toString(16)}`),
    writeMemory: (address, bytes) => memory.set(address, bytes.slice()) !== undefined,
    setBaud: (rate) => events.push(`baud ${rate}`),
    run: (entry) => events.push(`run ${entry.toString(16)}`),
    reset: () => events.push('reset'),
    leave: () => events.push('leave'),
  });
  return {
    loader,
    flash,
    events,
    memory,
    ask(op, data, checksum = 0) {
      frames = [];
      const request = new Uint8Array(8 + data.length);
      request.set([0, op, data.length & 255, data.length >> 8, checksum]);
      request.set(data, 8);
      loader.receive(slipEncode(request));
      return frames;
    },
  };
}

const sync = Uint8Array.from([7, 7, 0x12, 0x20, ...new Array(32).fill(0x55)]);

/** A *_DATA packet. */
function packet(data: Uint8Array, sequence: number): Uint8Array {
  return Uint8Array.from([...words(data.length, sequence, 0, 0), ...data]);
}

describe('answers of the ROM (docs/esp32-s3.md C9.9)', () => {
  it('SYNC: eight replies that repeat the first data word', () => {
    expect(bench().ask(OP.SYNC, sync)).toEqual(new Array(8).fill('010804000707122000000000'));
  });

  it('READ_REG sets the value field, others repeat it', () => {
    const { ask } = bench();
    expect(ask(OP.READ_REG, words(0x40001000))).toEqual(['010a04000900000000000000']);
    expect(ask(OP.SPI_ATTACH, words(0, 0))).toEqual(['010d04000900000000000000']);
  });

  it('FLASH_BEGIN wants 20 bytes', () => {
    const { ask } = bench();
    expect(ask(OP.FLASH_BEGIN, words(4096, 4, 1024, 0))[0]).toMatch(/^0102.*0105....$/);
    expect(ask(OP.FLASH_BEGIN, words(4096, 4, 1024, 0, 0))[0]).toMatch(/00......$/);
  });

  it('the error code stays behind in later successes', () => {
    const { ask } = bench();
    ask(OP.FLASH_DATA, packet(new Uint8Array(4), 0));
    expect(ask(OP.SPI_ATTACH, words(0, 0))[0].slice(16)).toBe('00050000');
  });

  it('FLASH_DATA: order, length and checksum are checked; a bad packet ends the transfer', () => {
    const { ask, flash } = bench();
    const data = Uint8Array.from({ length: 1024 }, (_, i) => i & 255);
    expect(ask(OP.FLASH_DATA, packet(data, 0), checksumOf(data))[0]).toMatch(/0105....$/);
    ask(OP.FLASH_BEGIN, words(2048, 2, 1024, 0x1000, 0));
    expect(ask(OP.FLASH_DATA, packet(data, 0), checksumOf(data))[0]).toMatch(/00......$/);
    expect(ask(OP.FLASH_DATA, packet(data, 1), 1)[0]).toMatch(/0107....$/);
    expect(ask(OP.FLASH_DATA, packet(data, 1), checksumOf(data))[0]).toMatch(/0105....$/);
    ask(OP.FLASH_BEGIN, words(2048, 2, 1024, 0x1000, 0));
    expect(ask(OP.FLASH_DATA, packet(data, 1), checksumOf(data))[0]).toMatch(/0105....$/);
    expect(flash.subarray(0x0ff0, 0x1000).every((byte) => byte === 0xff)).toBe(true);
  });

  it('FLASH_END 0 answers and resets, 1 leaves the loader', () => {
    const { ask, events } = bench();
    expect(ask(OP.FLASH_END, words(0))).toHaveLength(1);
    ask(OP.FLASH_END, words(1));
    expect(events).toEqual(['reset', 'leave']);
  });

  it('an unknown command is answered under the op of the one before', () => {
    const { ask } = bench();
    ask(OP.SPI_ATTACH, words(0, 0));
    expect(ask(0xd0, new Uint8Array(0))[0]).toMatch(/^010d.*0105....$/);
  });

  it('reads 64 bytes of flash and gives MD5 as 32 hex characters', () => {
    const { ask, flash } = bench();
    flash.set([1, 2, 3]);
    expect(ask(OP.READ_FLASH_SLOW, words(0, 64))[0]).toMatch(/^010e4400.{8}010203ff/);
    const answer = Buffer.from(ask(OP.SPI_FLASH_MD5, words(0, 3, 0, 0))[0], 'hex');
    expect(answer.readUInt16LE(2)).toBe(0x24);
    expect(answer.subarray(8, 40).toString()).toBe(
      createHash('md5')
        .update(Uint8Array.of(1, 2, 3))
        .digest('hex'),
    );
  });

  it('unpacks a zlib stream in packets', () => {
    const { ask, flash } = bench();
    const data = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) & 255);
    const compressed = deflateSync(data);
    const packets = Math.ceil(compressed.length / 1024);
    ask(OP.FLASH_DEFL_BEGIN, words(20480, packets, 1024, 0x2000, 0));
    for (let i = 0; i < packets; i++) {
      const part = compressed.subarray(i * 1024, (i + 1) * 1024);
      expect(ask(OP.FLASH_DEFL_DATA, packet(part, i), checksumOf(part))[0]).toMatch(/00......$/);
    }
    expect(flash.subarray(0x2000, 0x2000 + data.length)).toEqual(data);
    ask(OP.FLASH_DEFL_BEGIN, words(4096, 1, 1024, 0, 0));
    const garbage = Uint8Array.of(1, 2, 3, 4);
    expect(ask(OP.FLASH_DEFL_DATA, packet(garbage, 0), checksumOf(garbage))[0]).toMatch(/010b....$/);
  });

  it('starts a program from RAM, reply first', () => {
    const { ask, memory, events } = bench();
    const program = Uint8Array.of(0x36, 0x41, 0);
    ask(OP.MEM_BEGIN, words(3, 1, 0x1800, 0x40378000));
    ask(OP.MEM_DATA, packet(program, 0), checksumOf(program));
    expect(ask(OP.MEM_END, words(0, 0x40378000))).toHaveLength(1);
    expect(memory.get(0x40378000)).toEqual(program);
    expect(events).toEqual(['run 40378000']);
  });

  it('takes a flasher stub for what it is and speaks its protocol', () => {
    const { ask, loader } = bench();
    const stub = Buffer.from('....OHAI....');
    ask(OP.MEM_BEGIN, words(stub.length, 1, 0x1800, 0x40378000));
    ask(OP.MEM_DATA, packet(stub, 0), checksumOf(stub));
    expect(ask(OP.MEM_END, words(0, 0x40378000)).at(-1)).toBe(Buffer.from('OHAI').toString('hex'));
    expect(loader.stub).toBe(true);
    expect(ask(OP.SPI_FLASH_MD5, words(0, 3, 0, 0))[0]).toHaveLength(2 * (8 + 16 + 2));
    expect(ask(OP.READ_FLASH, words(0, 100, 64, 64))).toHaveLength(4); // status, two blocks, digest
  });

  it('changes the rate after answering and tells chip 9', () => {
    const { ask, events } = bench();
    ask(OP.CHANGE_BAUDRATE, words(921600, 0));
    expect(events).toEqual(['baud 921600']);
    expect(ask(OP.GET_SECURITY_INFO, new Uint8Array(0))).toEqual([
      `01141800${'0'.repeat(8)}${'0'.repeat(22)}0c0900000000000000${'0'.repeat(8)}`,
    ]);
  });
});

it('no bytes at all do harm', () => {
  const { loader, ask } = bench();
  const ops = Object.values(OP);
  fc.assert(
    fc.property(
      fc.constantFrom(...ops),
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 30 }),
      (op, data, raw) => {
        ask(op, data);
        loader.receive(raw);
      },
    ),
    { numRuns: 3000 },
  );
  loader.receive(Uint8Array.of(0xc0));
  expect(ask(OP.SYNC, sync).length).toBeGreaterThan(0);
});
