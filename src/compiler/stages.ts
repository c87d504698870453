/** The text of every stage of a compilation: what `esp32-llm compile FILE.wasm --print` shows. */
import { disassemble } from '../xtensa/index.ts';
import { compileDecoded } from './compile.ts';
import { decodeModule } from './front/decode.ts';
import { functionName, type Instruction, importCount, typeKey, type WasmFunction } from './front/module.ts';
import { validateModule } from './front/validate.ts';
import type { CompileOptions } from './linkage.ts';

export interface PrintOptions extends CompileOptions {
  /** Only functions whose name contains this. */
  readonly only?: string;
}

/** WebAssembly, intermediate form as built and as optimised, machine code before and after allocation, assembly. */
export function printStages(wasm: Uint8Array, options: PrintOptions = {}): string {
  const module = decodeModule(wasm);
  validateModule(module);
  const stages = new Map<string, string[]>();
  const compiled = compileDecoded(module, options, (stage, name, text) => {
    stages.set(name, [...(stages.get(name) ?? []), `; ${stage}\n${text}`]);
  });
  const imported = importCount(module, 'func');
  const parts: string[] = [];
  module.functions.forEach((fn, i) => {
    const name = functionName(module, imported + i);
    if (!name.includes(options.only ?? '')) return;
    parts.push(`;;;; ${name}\n`, `; webassembly\n${printBody(fn)}`, ...(stages.get(name) ?? []));
  });
  for (const { name, bytes, symbols, data } of compiled.object.sections) {
    if (!name.startsWith('.text') || !name.includes(options.only ?? '')) continue;
    parts.push(`; ${name}, ${bytes.length} bytes\n${listing(bytes, symbols, data ?? [])}`);
  }
  return parts.join('\n');
}

function printBody({ type, locals, code }: WasmFunction): string {
  const lines = [`func (${typeKey(type)}) locals ${locals.join(' ') || 'none'}`];
  let depth = 1;
  for (const instruction of code) {
    const { name } = instruction.op;
    if (name === 'end' || name === 'else') depth = Math.max(0, depth - 1);
    lines.push(`${'  '.repeat(depth)}${printInstruction(instruction)}`);
    if (instruction.op.immediate === 'block' || name === 'else') depth++;
  }
  return `${lines.join('\n')}\n`;
}

function printInstruction({ op, a, b, list, type }: Instruction): string {
  switch (op.immediate) {
    case 'none':
    case 'zero':
    case 'zero2':
      return op.name;
    case 'memory':
      return `${op.name} offset=${b}`;
    case 'i64':
      return `${op.name} ${BigInt.asIntN(64, (BigInt(b) << 32n) | BigInt(a >>> 0))}`;
    case 'f32':
      return `${op.name} 0x${(a >>> 0).toString(16)}`;
    case 'table':
      return `${op.name} ${list?.join(' ')}`;
    case 'index2':
      return `${op.name} ${a} ${b}`;
    case 'block':
    case 'types':
    case 'reftype':
      return `${op.name} ${type ? typeKey(type) : ''}`.trimEnd();
    default:
      return `${op.name} ${a}`;
  }
}

function listing(
  bytes: Uint8Array,
  symbols: ReadonlyMap<string, number>,
  data: readonly [start: number, end: number][],
): string {
  const names = new Map([...symbols].map(([name, offset]) => [offset, name]));
  const lines: string[] = [];
  const isData = (offset: number) => data.some(([start, end]) => offset >= start && offset < end);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const name = names.get(at);
    if (name !== undefined) lines.push(`${name}:`);
    if (isData(at) && at + 4 <= bytes.length) {
      lines.push(`  ${at.toString(16).padStart(4)}  .word 0x${view.getUint32(at, true).toString(16)}`);
      at += 4;
      continue;
    }
    const [line] = disassemble(bytes.subarray(at, at + 4), at);
    lines.push(`  ${at.toString(16).padStart(4)}  ${line.text}`);
    at += line.length;
  }
  return `${lines.join('\n')}\n`;
}
