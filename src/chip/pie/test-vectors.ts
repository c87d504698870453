/** Reads data/isa/exec-vectors.jsonl.gz and plays its vector-unit lines on a test machine. */

import { dataText } from '../../testing/shared-files.ts';
import { findOpcode, type Opcode } from '../../xtensa/index.ts';
import { readAccx, setQaccForm, writeAccx } from './index.ts';
import { QaccForm } from './state.ts';
import type { TestMachine } from './test-machine.ts';

type Registers = Record<string, string>;

export interface Vector {
  readonly asm: string;
  readonly bytes: string;
  readonly pre: Registers;
  readonly post: Registers;
  readonly alt_post?: Registers;
  readonly mem?: Registers;
  readonly mem_post?: Registers;
  readonly alt_mem_post?: Registers;
  readonly care?: string;
  readonly check?: readonly string[];
}

export function readVectors(): { defaults: Registers; vectors: Vector[] } {
  const [head, ...lines] = dataText('isa/exec-vectors.jsonl.gz').trim().split('\n');
  return { defaults: JSON.parse(head).default_state, vectors: lines.map((line) => JSON.parse(line)) };
}

export interface Decoded {
  readonly opcode: Opcode;
  readonly operands: number[];
}

export function decode(bytes: string): Decoded {
  const word = Buffer.from(bytes, 'hex').reduceRight((value, byte) => value * 256 + byte, 0);
  const opcode = findOpcode(word);
  if (!opcode) throw new Error(`no instruction has the bytes ${bytes}`);
  return { opcode, operands: opcode.operands.map((o) => o.decode(o.field(word), 0)) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const number = (value: number, digits: number) => (value >>> 0).toString(16).padStart(digits, '0');

/** Puts every register of `registers` that the machine has into it. */
export function loadRegisters(machine: TestMachine, registers: Registers): void {
  const { ar, fpu, pie, special } = machine;
  setQaccForm(pie, QaccForm.raw);
  for (const [name, value] of Object.entries(registers)) {
    const bytes = Buffer.from(value, 'hex');
    if (/^a\d+$/.test(name)) ar[Number(name.slice(1))] = Number.parseInt(value, 16);
    else if (/^f\d+$/.test(name)) fpu.bits[Number(name.slice(1))] = Number.parseInt(value, 16);
    else if (/^q\d$/.test(name)) pie.qu8.set(bytes, 16 * Number(name[1]));
    else if (name === 'qacc_l') pie.qacc.set(bytes, 0);
    else if (name === 'qacc_h') pie.qacc.set(bytes, 20);
    else if (name === 'ua_state') new Uint8Array(pie.buffer, pie.ua.byteOffset, 16).set(bytes);
    else if (name === 'accx') writeAccx(pie, Number(`0x${value}`));
    else if (name === 'sar') special[0] = Number.parseInt(value, 16);
    else if (name === 'sar_byte') pie.control[1] = Number.parseInt(value, 16);
    else if (name === 'fft_bit_width') pie.control[2] = Number.parseInt(value, 16);
    else if (name === 'gpio_out') pie.control[3] = Number.parseInt(value, 16);
    else if (name === 'fcr') fpu.control[0] = Number.parseInt(value, 16);
    else if (name === 'fsr') fpu.control[1] = Number.parseInt(value, 16);
  }
}

/** The machine's registers in the notation of the vectors. */
export function dumpRegisters(machine: TestMachine): Registers {
  const { ar, fpu, pie, special } = machine;
  setQaccForm(pie, QaccForm.raw);
  const accx = BigInt.asUintN(40, BigInt(readAccx(pie)))
    .toString(16)
    .padStart(10, '0');
  const all: Registers = {
    qacc_l: hex(pie.qacc.subarray(0, 20)),
    qacc_h: hex(pie.qacc.subarray(20)),
    ua_state: hex(new Uint8Array(pie.buffer, pie.ua.byteOffset, 16)),
    accx,
    sar: number(special[0], 2),
    sar_byte: number(pie.control[1], 1),
    fft_bit_width: number(pie.control[2], 1),
    gpio_out: number(pie.control[3], 2),
    fcr: number(fpu.control[0], 8),
    fsr: number(fpu.control[1], 8),
  };
  for (let i = 0; i < 16; i++) {
    all[`a${i}`] = number(ar[i], 8);
    all[`f${i}`] = number(fpu.bits[i], 8);
    if (i < 8) all[`q${i}`] = hex(pie.qu8.subarray(16 * i, 16 * i + 16));
  }
  return all;
}

export function loadMemory(memory: Map<number, number>, contents: Registers = {}): void {
  for (const [address, bytes] of Object.entries(contents)) {
    Buffer.from(bytes, 'hex').forEach((byte, i) => void memory.set(Number.parseInt(address, 16) + i, byte));
  }
}

const sameNumber = (a: string, b: string) =>
  a === b || (/^0*/.exec(a) !== null && a.replace(/^0+(?=.)/, '') === b.replace(/^0+(?=.)/, ''));

/** What differs after `run`, in words; empty when the vector passes. */
export function differences(
  machine: TestMachine,
  defaults: Registers,
  vector: Vector,
  run: (machine: TestMachine, decoded: Decoded) => void,
): string[] {
  const before = { ...defaults, ...vector.pre };
  machine.memory.clear();
  loadRegisters(machine, before);
  loadMemory(machine.memory, vector.mem);
  const memory = new Map(machine.memory);
  loadMemory(memory, vector.alt_mem_post ?? vector.mem_post);
  run(machine, decode(vector.bytes));
  const after = dumpRegisters(machine);
  const expected: Registers = { ...before, ...(vector.alt_post ?? vector.post) };
  const wrong = Object.keys(after)
    .filter((name) => !sameNumber(after[name], expected[name]))
    .map((name) => `${name} is ${after[name]}, not ${expected[name]}`);
  for (const address of new Set([...memory.keys(), ...machine.memory.keys()])) {
    const [is, should] = [machine.memory.get(address) ?? 0, memory.get(address) ?? 0];
    if (is !== should) wrong.push(`[${address.toString(16)}] is ${is}, not ${should}`);
  }
  return wrong;
}
