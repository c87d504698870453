/**
 * Runs instruction vectors (JSON lines; the first line documents the format) against a core and compares every register
 * and byte of memory that they mention.
 */
import { FailureError } from '../../../errors.ts';
import { createFlatBus, type FlatBus } from '../../bus/flat-bus.ts';
import { Control, QaccForm, readAccx, setQaccForm, writeAccx } from '../../pie/index.ts';
import { createCore } from '../core.ts';
import { type CoreState, SR } from '../state.ts';

interface Vector {
  readonly asm: string;
  readonly bytes: string;
  readonly pre: Readonly<Record<string, string>>;
  readonly post: Readonly<Record<string, string>>;
  readonly mem?: Readonly<Record<string, string>>;
  readonly mem_post?: Readonly<Record<string, string>>;
  readonly alt_post?: Readonly<Record<string, string>>;
  readonly alt_mem_post?: Readonly<Record<string, string>>;
  readonly next?: number;
  readonly care?: string;
  /** Compare only these registers. */
  readonly check?: readonly string[];
}

export interface VectorReport {
  readonly passed: number;
  readonly failed: number;
  /** Vectors whose outcome is not defined and that were only run. */
  readonly unspecified: number;
  readonly failures: readonly string[];
}

const CODE = 0x40378000;
const DATA = { address: 0x3fc80000, length: 0x80000 };
const hexBytes = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const word = (text: string) => Number.parseInt(text, 16) | 0;

/** How a register of the file is read and written; values are lower-case hex. */
interface Register {
  get(state: CoreState): string;
  set(state: CoreState, text: string): void;
  /** Both sides in one notation. */
  normalize(text: string): string;
}

const numeric = (
  get: (state: CoreState) => number,
  set: (state: CoreState, value: number) => void,
): Register => ({
  get: (state) => (get(state) >>> 0).toString(16),
  set: (state, text) => set(state, word(text)),
  normalize: (text) => (word(text) >>> 0).toString(16),
});

const special = (number: number) =>
  numeric(
    (state) => state.special[number],
    (state, value) => {
      state.special[number] = value;
    },
  );

const pieNumber = (index: number) =>
  numeric(
    (state) => state.pie.control[index],
    (state, value) => {
      state.pie.control[index] = value;
    },
  );

/** A wide register, written as bytes in memory order. */
const byteRegister = (bytesOf: (state: CoreState) => Uint8Array): Register => ({
  get: (state) => Buffer.from(bytesOf(state)).toString('hex'),
  set: (state, text) => bytesOf(state).set(hexBytes(text)),
  normalize: (text) => text,
});

/** Half of QACC (0 = low) as raw bits. */
const qacc = (half: 0 | 1): Register =>
  byteRegister((state) => {
    setQaccForm(state.pie, QaccForm.raw);
    return state.pie.qacc.subarray(20 * half, 20 * half + 20);
  });

const accx: Register = {
  get: (state) => BigInt.asUintN(40, BigInt(readAccx(state.pie))).toString(16),
  set: (state, text) => {
    writeAccx(state.pie, Number(`0x${text}`));
  },
  normalize: (text) => BigInt.asUintN(40, BigInt(`0x${text}`)).toString(16),
};

const vector = (index: number): Register =>
  byteRegister((state) => state.pie.qu8.subarray(16 * index, 16 * index + 16));

const each = (count: number, prefix: string, make: (index: number) => Register) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, make(index)]));
const registers: Readonly<Record<string, Register>> = {
  ...each(16, 'a', (index) =>
    numeric(
      (state) => state.ar[index],
      (state, value) => {
        state.ar[index] = value;
      },
    ),
  ),
  ...each(16, 'f', (index) =>
    numeric(
      (state) => state.fpu.bits[index],
      (state, value) => {
        state.fpu.bits[index] = value;
      },
    ),
  ),
  ...each(4, 'm', (index) =>
    numeric(
      (state) => state.mr[index],
      (state, value) => {
        state.mr[index] = value;
      },
    ),
  ),
  ...each(8, 'q', vector),
  acclo: special(SR.acclo),
  acchi: numeric(
    (state) => state.special[SR.acchi],
    (state, value) => {
      state.special[SR.acchi] = (value << 24) >> 24;
    },
  ),
  sar: special(SR.sar),
  b: special(SR.br),
  scompare1: special(SR.scompare1),
  exccause: special(SR.exccause),
  threadptr: numeric(
    (state) => state.threadPointer[0],
    (state, value) => {
      state.threadPointer[0] = value;
    },
  ),
  fcr: numeric(
    (state) => state.fpu.control[0],
    (state, value) => {
      state.fpu.control[0] = value;
    },
  ),
  fsr: numeric(
    (state) => state.fpu.control[1],
    (state, value) => {
      state.fpu.control[1] = value;
    },
  ),
  qacc_l: qacc(0),
  qacc_h: qacc(1),
  ua_state: byteRegister((state) => new Uint8Array(state.pie.buffer, state.pie.ua.byteOffset, 16)),
  accx,
  sar_byte: pieNumber(Control.sarByte),
  fft_bit_width: pieNumber(Control.fftBitWidth),
  gpio_out: pieNumber(Control.gpioOut),
};

const isNaN32 = (text: string) => (word(text) & 0x7fffffff) > 0x7f800000;

/** A value that counts as equal: NaN results are compared only for being NaN. */
function agrees(name: string, actual: string, expected: string, careNaN: boolean): boolean {
  const register = registers[name];
  if (actual === register.normalize(expected)) return true;
  return careNaN && /^f\d/.test(name) && isNaN32(actual) && isNaN32(expected);
}

function createMachine(defaults: Readonly<Record<string, string>>) {
  const bus = createFlatBus(0x200000);
  bus.provide(DATA.address, DATA.length);
  bus.provide(CODE, 0x1000);
  const core = createCore({ bus, core: 0 });
  const touched = new Set<number>();

  const write = (address: number, bytes: Uint8Array) =>
    bytes.forEach((byte, index) => {
      touched.add(address + index);
      bus.write8(address + index, byte);
    });

  return {
    bus,
    core,
    prepare(test: Vector) {
      for (const address of touched) bus.write8(address, 0);
      touched.clear();
      core.reset();
      core.state.special[SR.ps] = 0x40020;
      core.state.special[SR.cpenable] = 0xff;
      core.state.fpu.control.fill(0);
      for (const [name, text] of Object.entries({ ...defaults, ...test.pre })) {
        const register = registers[name];
        if (!register) throw new FailureError(`vector '${test.asm}': register ${name} is not known`);
        register.set(core.state, text);
      }
      core.stateChanged();
      for (const [address, text] of Object.entries(test.mem ?? {})) {
        write(Number.parseInt(address, 16), hexBytes(text));
      }
      // Behind the code stands `j .`: it keeps what follows decodable, and a core that runs on stays there.
      bus.load(CODE, new Uint8Array([...hexBytes(test.bytes), 0x06, 0xff, 0xff]));
      core.state.pc = CODE;
    },
    touched,
  };
}

/** Everything that registers hold, by name. */
const snapshot = (state: CoreState) =>
  new Map(Object.entries(registers).map(([name, register]) => [name, register.get(state)]));

function compareRegisters(
  test: Vector,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const expected = test.alt_post ?? test.post;
  const names = test.check ?? [...after.keys()];
  const problems: string[] = [];
  for (const name of names) {
    const want = expected[name] ?? before.get(name)!;
    // The cause stays from whatever happened before unless an exception is expected.
    if (name === 'exccause' && expected[name] === undefined) continue;
    if (agrees(name, after.get(name)!, want, test.care === 'nan')) continue;
    problems.push(`${name} is ${after.get(name)}, expected ${want}`);
  }
  return problems;
}

/** Bytes that the vector says changed, and any that changed though it says nothing. */
function compareMemory(test: Vector, bus: FlatBus): string[] {
  const expected = new Map<number, number>();
  const place = (memory: Readonly<Record<string, string>> | undefined) => {
    for (const [address, text] of Object.entries(memory ?? {})) {
      const start = Number.parseInt(address, 16);
      for (const [index, byte] of hexBytes(text).entries()) expected.set(start + index, byte);
    }
  };
  place(test.mem);
  place(test.alt_mem_post ?? test.mem_post);
  const problems: string[] = [];
  for (const [address, byte] of expected) {
    const actual = bus.read8(address);
    if (actual !== byte) {
      problems.push(`[${address.toString(16)}] is ${actual.toString(16)}, expected ${byte.toString(16)}`);
    }
  }
  return problems;
}

/**
 * How the core gets to the instruction: by single steps, in which all accesses go the slow way, or as it runs programs. A vector
 * that raises, branches or is a sequence is only stepped.
 */
export type Execution = 'stepped' | 'at once';

const isStraight = ({ check, next, post, alt_post }: Vector) =>
  !check && next === undefined && (alt_post ?? post).exccause === undefined;

/**
 * @param text a whole file of the format of exec-vectors.jsonl
 */
export function runExecVectors(text: string, execution: Execution = 'stepped'): VectorReport {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const header = JSON.parse(lines[0] ?? '{}') as { default_state?: Record<string, string> };
  if (!header.default_state) {
    throw new FailureError('exec vectors: the first line has no default_state; is this a vector file?');
  }
  const machine = createMachine(header.default_state);
  let passed = 0;
  let unspecified = 0;
  const failures: string[] = [];
  for (const line of lines.slice(1)) {
    const test = JSON.parse(line) as Vector;
    if (execution === 'at once' && !isStraight(test)) continue;
    const problems = runVector(test, machine, execution);
    if (test.care === 'unspecified') unspecified++;
    if (problems.length === 0 || test.care === 'unspecified') passed++;
    else failures.push(`${test.asm} (${test.bytes}): ${problems.join('; ')}`);
  }
  return { passed, failed: failures.length, unspecified, failures };
}

function runVector(test: Vector, machine: ReturnType<typeof createMachine>, execution: Execution): string[] {
  const { core, bus } = machine;
  machine.prepare(test);
  const before = snapshot(core.state);
  const count = test.check ? test.asm.split(';').length : 1;
  try {
    if (execution === 'at once') core.runUntil(core.cycles + 1);
    else for (let index = 0; index < count; index++) core.step();
  } catch (error) {
    return [error instanceof Error ? `${error.name}: ${error.message}` : String(error)];
  }
  const problems = compareRegisters(test, before, snapshot(core.state));
  problems.push(...compareMemory(test, bus));
  for (const address of Object.keys(test.mem_post ?? {})) {
    const start = Number.parseInt(address, 16);
    for (let index = 0; index < test.mem_post![address].length / 2; index++)
      machine.touched.add(start + index);
  }
  const raised = (test.alt_post ?? test.post).exccause !== undefined;
  const length = hexBytes(test.bytes).length;
  const next = CODE + (test.next ?? length);
  if (!raised && core.state.pc !== next) {
    problems.push(`goes on at .+${core.state.pc - CODE}, expected .+${next - CODE}`);
  }
  return problems;
}
