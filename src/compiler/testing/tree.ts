/**
 * WebAssembly programs as trees: made at random, made smaller, printed as text, written as bytes. Labels have numbers
 * instead of depths, so that a block can be taken away around its contents.
 */
import { wasmOpcodes } from '../front/opcodes.ts';
import { section, signed, text, unsigned, vector } from './wasm-bytes.ts';

export type NodeType = 'i32' | 'i64' | 'f32' | '';

export interface Node {
  /** A WebAssembly instruction; or `do` (statements) and `seq` (statements, then a value). */
  readonly op: string;
  /** What it leaves on the stack. */
  readonly type: NodeType;
  /** Constant, index, offset or label. */
  readonly imm: number;
  readonly kids: readonly Node[];
}

export interface Func {
  readonly params: readonly NodeType[];
  readonly locals: readonly NodeType[];
  readonly result: NodeType;
  readonly body: readonly Node[];
}

export interface Program {
  /** Exported as f0, f1, ...; a function calls earlier ones only. */
  readonly functions: readonly Func[];
}

export const node = (op: string, type: NodeType, kids: readonly Node[] = [], imm = 0): Node => ({
  op,
  type,
  imm,
  kids,
});

const opcodeOf: ReadonlyMap<string, { code: number; immediate: string; width: number }> = new Map(
  [...wasmOpcodes.values()].map((op) => [op.name, op]),
);
const typeCodes: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d };

/** Thrown for a branch to a label that does not enclose it. */
export class UnknownLabel extends Error {}

interface Writer {
  readonly out: number[];
  /** Labels of the enclosing blocks, innermost last. */
  readonly labels: number[];
  readonly fuel: boolean;
}

function opcode(w: Writer, name: string): { immediate: string; width: number } {
  const found = opcodeOf.get(name);
  if (!found) throw new Error(`no instruction ${name}`);
  if (found.code > 0xff) w.out.push(0xfc, ...unsigned(found.code - 0xfc00));
  else w.out.push(found.code);
  return found;
}

const END = 0x0b;
const EMPTY = 0x40;
/** Counts a global down at the head of every loop; at 0 the program traps. */
const burn = [0x23, 0, 0x41, 1, 0x6b, 0x24, 0, 0x23, 0, 0x45, 0x04, EMPTY, 0x00, END];

function write(w: Writer, { op, imm, kids }: Node): void {
  const all = (nodes: readonly Node[]) => {
    for (const kid of nodes) write(w, kid);
  };
  if (op === 'do' || op === 'seq') {
    all(kids);
    return;
  }
  if (op === 'block' || op === 'loop') {
    w.out.push(op === 'block' ? 0x02 : 0x03, EMPTY);
    w.labels.push(imm);
    if (op === 'loop' && w.fuel) w.out.push(...burn);
    all(kids);
    w.labels.pop();
    w.out.push(END);
    return;
  }
  if (op === 'if') {
    const [condition, yes, no] = kids;
    write(w, condition);
    const type = yes.type === '' ? EMPTY : typeCodes[yes.type];
    w.out.push(0x04, type);
    w.labels.push(imm);
    write(w, yes);
    if (no) {
      w.out.push(0x05);
      write(w, no);
    }
    w.labels.pop();
    w.out.push(END);
    return;
  }
  all(kids);
  const { immediate, width } = opcode(w, op);
  if (op === 'br' || op === 'br_if') {
    const depth = [...w.labels].reverse().indexOf(imm);
    if (depth < 0) throw new UnknownLabel();
    w.out.push(depth);
  } else if (immediate === 'i32') w.out.push(...signed(BigInt(imm | 0)));
  else if (immediate === 'i64') w.out.push(...signed(BigInt(imm)));
  else if (immediate === 'f32') w.out.push(...new Uint8Array(new Float32Array([imm]).buffer));
  else if (immediate === 'index') w.out.push(...unsigned(imm));
  else if (immediate === 'memory') w.out.push(31 - Math.clz32(width), ...unsigned(imm));
}

/** How a program is written out. */
export interface Written {
  /** Trap where loops have turned too often; the global "fuel" says how much is left. */
  readonly fuel?: boolean;
  /** Addresses are offsets from the imported global "config.base". */
  readonly based?: boolean;
}

/** Bytes of a module; with fuel, the global "fuel" is index 0, otherwise "config.base" may be. */
export function writeProgram(
  { functions }: Program,
  { fuel = false, based = false }: Written = {},
): Uint8Array {
  const signatures = functions.map(({ params, result }) => [
    0x60,
    ...vector(params.map((type) => [typeCodes[type]])),
    ...vector([[typeCodes[result]]]),
  ]);
  const bodies = functions.map(({ locals, body }) => {
    const w: Writer = { out: [], labels: [], fuel };
    for (const statement of body) write(w, statement);
    const code = [...vector(locals.map((type) => [1, typeCodes[type]])), ...w.out, END];
    return [...unsigned(code.length), ...code];
  });
  const exports = functions.map((_, i) => [...text(`f${i}`), 0, ...unsigned(i)]);
  if (fuel) exports.push([...text('fuel'), 3, 0]);
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector(signatures)),
    ...(based ? section(2, [1, ...text('config'), ...text('base'), 3, 0x7f, 0]) : []),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(5, vector([[1, 1, 1]])),
    ...(fuel ? section(6, vector([[0x7f, 1, 0x41, 0, END]])) : []),
    ...section(7, vector([...exports, [...text('memory'), 2, 0]])),
    ...section(10, vector(bodies)),
  ]); // biome-ignore format: one section a line
}

/** The program in the text format. */
export function printProgram({ functions }: Program): string {
  const lines = functions.map(({ params, locals, result, body }, i) => {
    const given = params.length ? ` (param ${params.join(' ')})` : '';
    const own = locals.length ? ` (local ${locals.join(' ')})` : '';
    const statements = body.map((statement) => `    ${printNode(statement)}`).join('\n');
    return `  (func $f${i} (export "f${i}")${given} (result ${result})${own}\n${statements})`;
  });
  return `(module (memory (export "memory") 1 1)\n${lines.join('\n')})`;
}

function printNode({ op, imm, kids, type }: Node): string {
  const inner = kids.map(printNode).join(' ');
  if (op === 'do' || op === 'seq') return inner;
  if (op === 'block' || op === 'loop') return `(${op} $l${imm} ${inner})`;
  if (op === 'if') {
    const [condition, yes, no] = kids.map(printNode);
    const result = kids[1].type === '' ? '' : ` (result ${type})`;
    return `(if $l${imm}${result} ${condition} (then ${yes})${no === undefined ? '' : ` (else ${no})`})`;
  }
  const { immediate } = opcodeOf.get(op) ?? { immediate: 'none' };
  const name = op.startsWith('br') ? ` $l${imm}` : op === 'call' ? ` $f${imm}` : ` ${imm}`;
  const shown =
    immediate === 'none' || (immediate === 'memory' && imm === 0)
      ? ''
      : immediate === 'memory'
        ? ` offset=${imm}`
        : name;
  // Kids that are statements before a value are folded in front of it: the text format allows no statements in operands.
  return kids.some((kid) => kid.op === 'seq')
    ? `${inner} ${op}${shown}`
    : `(${op}${shown}${inner ? ` ${inner}` : ''})`;
}
