/** Memory and code as a core reaches them: near, through a cache, or not at all. */
import { describe, expect, it } from 'vitest';
import { assembleText } from '../../xtensa/index.ts';
import { ACCESS, BusFault, PAGE_SHIFT } from '../bus/bus.ts';
import { CAUSE } from '../bus/causes.ts';
import { createFlatBus } from '../bus/flat-bus.ts';
import { createCore } from './core.ts';
import { SR } from './state.ts';
import { CODE, createTestMachine, DATA, runProgram as run, withVectors } from './test-machine.ts';

describe('memory', () => {
  it('takes unaligned scalar accesses in hardware', () => {
    const { machine } = run(
      'start:\n  s32i a3, a2, 0\n  l32i a4, a2, 0\n  l16ui a5, a2, 0\n  l16si a6, a2, 2\n  s16i a3, a2, 8\n  l8ui a7, a2, 9\n  ret\n',
      {
        2: DATA + 1,
        3: 0x89abcdef | 0,
      },
    );
    expect(machine.a(4)).toBe(0x89abcdef | 0);
    expect(machine.a(5)).toBe(0xcdef);
    expect(machine.a(6)).toBe(0xffff89ab | 0);
    expect(machine.a(7)).toBe(0xcd);
  });

  it('takes them the slow way, too: byte by byte, wherever they lie', () => {
    // Nothing of this memory is reached directly; the core asks for a word that is aligned, or for bytes.
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => 0x81 + 0x13 * i);
    const word = (at: number, count: number): number =>
      [...bytes.subarray(at, at + count)].reduceRight((value, byte) => (value << 8) | byte, 0);
    for (const [op, count] of [
      ['l32i', 4],
      ['l16ui', 2],
    ] as const)
      for (let at = 0; at < 4; at++) {
        const asked: number[][] = [];
        const machine = createTestMachine(`start:\n  ${op} a4, a2, 0\n  ret\n`);
        machine.bus.read = (address, width) => {
          asked.push([address & 15, width]);
          return word(address & 15, width) >>> 0;
        };
        machine.setA(2, 0x60000000 + at);
        machine.run();
        expect(machine.a(4) >>> 0, `${op} at ${at}`).toBe(word(at, count) >>> 0);
        const whole = at % count === 0;
        expect(asked, `${op} at ${at}`).toEqual(
          whole ? [[at, count]] : Array.from({ length: count }, (_, i) => [at + i, 1]),
        );
      }
    for (const [op, count] of [
      ['s32i', 4],
      ['s16i', 2],
    ] as const)
      for (let at = 0; at < 4; at++) {
        const written = new Map<number, number>();
        const machine = createTestMachine(`start:\n  ${op} a4, a2, 0\n  ret\n`);
        machine.bus.write = (address, width, value) => {
          expect(at % count === 0 ? count : 1, `${op} at ${at}`).toBe(width);
          for (let i = 0; i < width; i++) written.set((address & 15) + i, (value >>> (8 * i)) & 255);
        };
        machine.setA(2, 0x60000000 + at);
        machine.setA(4, 0x89abcdef | 0);
        machine.run();
        expect(
          [...written].sort(([one], [other]) => one - other),
          `${op} at ${at}`,
        ).toEqual([0xef, 0xcd, 0xab, 0x89].slice(0, count).map((byte, i) => [at + i, byte]));
      }
  });

  it.each(['isync', 'nop'])('runs code that was written a moment ago (behind %s)', (line) => {
    // The first round executes movi a2, 1; the loop then stores movi a2, 7 over it.
    const { machine } = run(
      `
start:
  movi a6, 0
1: movi a2, 1
  nop
  add a6, a6, a2
  s8i a5, a4, 2
  memw
  ${line}
  addi a3, a3, -1
  bnez a3, 1b
  ret
`,
      { 3: 3, 4: 0x40378003, 5: 7 },
    );
    expect(machine.a(6)).toBe(1 + 7 + 7);
  });

  it('compares and stores at once', () => {
    const { machine } = run(
      'start:\n  wsr.scompare1 a3\n  mov a5, a4\n  s32c1i a5, a2, 0\n  mov a6, a4\n  s32c1i a6, a2, 0\n  ret\n',
      {
        2: DATA,
        3: 0,
        4: 99,
      },
    );
    expect([machine.a(5), machine.a(6), machine.word(DATA)]).toEqual([0, 99, 99]);
  });
});

const FAR = 0x3c000000;

describe('memory that is reached the slow way', () => {
  /** A page at FAR, of which the bus tells. */
  function far(source: string) {
    const machine = createTestMachine(`start:\n${source}\n  ret\n`);
    machine.bus.provide(DATA + 0x1000, 64);
    const offset = DATA + 0x1000 + machine.bus.memory.loadMap[(DATA + 0x1000) >>> PAGE_SHIFT];
    const asked: number[][] = [];
    machine.bus.locate = (address, bytes, access) => {
      asked.push([address - FAR, bytes, access]);
      machine.bus.stall = 7;
      return offset + address - FAR;
    };
    machine.setA(2, FAR);
    machine.setA(3, DATA);
    return { machine, asked };
  }

  it('is asked once for a whole vector, and takes what the bus says', () => {
    const { machine, asked } = far(
      '  ee.vld.128.ip q0, a3, 0\n  ee.vst.128.ip q0, a2, 16\n  ee.vld.128.ip q1, a2, -16\n  ee.vst.128.ip q1, a3, 32',
    );
    for (let word = 0; word < 4; word++) machine.setWord(DATA + 4 * word, 0x1111 * (word + 1));
    const { cycles } = machine.run();
    expect(asked).toEqual([
      [0, 16, ACCESS.store],
      [16, 16, ACCESS.load],
    ]);
    // The second vector is read from where nothing was written.
    expect([0, 4, 8, 12].map((at) => machine.word(DATA + at))).toEqual([0, 0, 0, 0]);
    expect([0, 4, 8, 12].map((at) => machine.word(DATA + 0x1000 + at))).toEqual([
      0x1111, 0x2222, 0x3333, 0x4444,
    ]);
    expect(cycles).toBeGreaterThanOrEqual(2 * 7 + 5);
  });
});

describe('a device', () => {
  it('gets a vector in words, and gives one', () => {
    const machine = createTestMachine(
      'start:\n  ee.vld.128.ip q0, a2, 16\n  ee.vst.128.ip q0, a2, 0\n  ret\n',
    );
    const asked: number[][] = [];
    machine.bus.read = (address, bytes) => {
      asked.push([address - FAR, bytes]);
      machine.bus.stall = 0;
      return 7 + address - FAR;
    };
    machine.bus.write = (address, bytes, value) => {
      asked.push([address - FAR, bytes, value]);
      machine.bus.stall = 0;
    };
    machine.setA(2, FAR);
    machine.run();
    const words = [0, 4, 8, 12];
    expect(asked).toEqual([...words.map((at) => [at, 4]), ...words.map((at) => [16 + at, 4, 7 + at])]);
  });
});

describe('region attributes', () => {
  it('are kept by the data side and the code side apart, 4 bits for 512 MB', () => {
    const { machine } = run(`
start:
  movi a2, 0x60000000
  movi a3, 0x15
  wdtlb a3, a2
  movi a3, 0x2c
  witlb a3, a2
  rdtlb1 a4, a2
  ritlb1 a5, a2
  rdtlb0 a6, a2
  ritlb0 a9, a2
  movi a2, 0x80000001
  rdtlb1 a7, a2
  pdtlb a8, a2
  pitlb a10, a2
  ret
`);
    const registers = [4, 5, 6, 9, 7, 8, 10].map((index) => machine.a(index) >>> 0);
    expect(registers).toEqual([
      0x60000005, 0x6000000c, 0x60000000, 0x60000000, 0x80000002, 0x80000001, 0x80000001,
    ]);
  });
});

describe('a vector access that the hardware rounds down', () => {
  it('is told, with its address and where it stands', () => {
    const bus = createFlatBus(0x100000);
    bus.provide(DATA, 64);
    bus.load(CODE, assembleText('ee.vld.128.ip q0, a2, 16', { exact: true }).sections[0].bytes);
    const told: number[][] = [];
    const core = createCore({ bus, core: 0, onUnaligned: (...what) => told.push(what) });
    core.state.special[SR.cpenable] = 0xff;
    core.state.ar[2] = DATA + 4;
    core.state.pc = CODE;
    core.stateChanged();
    core.step();
    expect(told.map((values) => values.map((value) => value >>> 0))).toEqual([[DATA + 4, CODE]]);
  });
});

describe('code that cannot be read', () => {
  const fault = () => new BusFault(CAUSE.fetchError, 0);
  const error = () => new Error('flash is off');
  /** Jumps there where a4 is 0. */
  const machineWith = (refusal: () => Error, a4: number) => {
    const machine = createTestMachine('start:\n  bnez a4, 1f\n  j . + 0x18000\n1: movi a5, 9\n  ret\n');
    machine.bus.peek = machine.bus.locate = () => {
      throw refusal();
    };
    machine.setA(4, a4);
    return machine;
  };

  it.each([fault, error])('does no harm as long as nobody goes there (%o)', (refusal) => {
    const machine = machineWith(refusal, 1);
    machine.run();
    expect(machine.a(5)).toBe(9);
  });

  it.each([1, 2])('is an exception, too, where %i bytes of an instruction can be read', (bytes) => {
    const END = 0x40379000;
    const machine = createTestMachine('start:\n  j . + 4\n');
    machine.bus.load(
      END - bytes,
      assembleText('xor a2, a2, a2', { exact: true }).sections[0].bytes.slice(0, bytes),
    );
    machine.core.state.pc = END - bytes;
    machine.core.step();
    expect(machine.core.state.special[SR.exccause]).toBe(CAUSE.fetchError);
  });

  it.each(['not to be read ahead', 'in a cache'])('is what the bus says when it is fetched: %s', (kind) => {
    const fetched = (refusal: () => Error) => {
      const machine = withVectors('start:\n  movi a4, 0x42000000\n  jx a4\n', { 832: '  nop' });
      const inCache = kind === 'in a cache';
      const from = inCache ? CODE : 0x42000000;
      machine.bus.isCachedCode = (address) => inCache && address >>> 12 === CODE >>> 12;
      machine.bus.peek = () => -1;
      machine.bus.locate = (address) => {
        if (address >= from) throw refusal();
        return -1;
      };
      for (let step = 0; step < 4 && machine.core.state.special[SR.epc1] === 0; step++) machine.core.step();
      return machine.core.state.special[SR.exccause];
    };
    for (const cause of [CAUSE.fetchError, 20]) expect(fetched(() => new BusFault(cause, 0))).toBe(cause);
    expect(() => fetched(error)).toThrow('flash is off');
  });

  it('is an exception where bytes are there that are no code', () => {
    const machine = createTestMachine('start:\n  j away\n  .org 256\naway:\n  nop\n');
    machine.bus.isExecutable = (address) => address < machine.symbols.get('away')!;
    machine.core.step();
    machine.core.step();
    expect(machine.core.state.special[SR.exccause]).toBe(CAUSE.fetchError);
  });

  it('is an exception where execution goes there, or what the host says', () => {
    const machine = machineWith(fault, 0);
    machine.core.step();
    machine.core.step();
    machine.core.step();
    expect(machine.core.state.special[SR.exccause]).toBe(CAUSE.fetchError);
    expect(() => machineWith(error, 0).run()).toThrow('flash is off');
  });
});

describe('code behind a cache', () => {
  /** Words that the core asks the cache for while it executes one instruction at `pc`. */
  function fetches(line: string, pc: number): number[] {
    const machine = createTestMachine('start: nop\n');
    machine.bus.load(pc, assembleText(line, { exact: true }).sections[0].bytes);
    machine.core.state.pc = pc;
    machine.setA(4, DATA);
    const words: number[] = [];
    const { locate } = machine.bus;
    machine.bus.isCachedCode = () => true;
    machine.bus.locate = (address, bytes, access, core, cycle) => {
      if (access !== ACCESS.fetch) return locate(address, bytes, access, core, cycle);
      words.push(address);
      machine.bus.stall = 5;
      return 0;
    };
    const before = machine.core.cycles;
    machine.core.step();
    expect(machine.core.cycles - before, line).toBe(1 + 5 * words.length);
    return words;
  }

  it('is asked for word by word, the next line only where an instruction reaches into it', () => {
    const LINE = 0x42000040;
    for (const [line, length] of [
      ['mov.n a2, a3', 2],
      ['addi a2, a3, 1', 3],
      ['ee.vadds.s16.ld.incp q4, a4, q0, q1, q2', 4],
    ] as const) {
      for (let pc = LINE - 4; pc < LINE; pc++) {
        const inNext = pc + length > LINE;
        const last = inNext ? [LINE] : [];
        expect(fetches(line, pc), `${line} at ${pc.toString(16)}`).toEqual([LINE - 4, ...last]);
      }
    }
  });

  it('is asked for once a line in a run of instructions', () => {
    const machine = createTestMachine(`start:\n${'  add a2, a2, a3\n'.repeat(30)}  ret\n`, {
      code: 0x42000000,
    });
    const words: number[] = [];
    machine.bus.isCachedCode = (address) => address >>> 24 === 0x42;
    machine.bus.locate = (address, _bytes, access) => {
      if (access === ACCESS.fetch) words.push(address);
      machine.bus.stall = 0;
      return 0;
    };
    machine.run();
    const lines = words.map((word) => word & ~31);
    expect(lines.filter((line, at) => line !== lines[at - 1])).toEqual(
      // An instruction that crosses asks for its first word, too, which is there.
      [0x42000000, 0x42000020, 0x42000040],
    );
  });
});
