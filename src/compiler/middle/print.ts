/**
 * The text form of the intermediate form:
 *
 *     function sum(i %0, i %1) -> i
 *     b0(%0, %1):                       ; depth 0
 *       %2 = load32 %0 +8
 *       branch %2 b1(%0) b2()
 *
 * Constants are written in place (`-4`, `f:0x3f800000`), addresses of symbols as `&name+4`.
 */
import type { Edge, Inst, IrFunction, Terminator, Value } from './ir.ts';
import { trapName } from './ir.ts';

export function printValue(fn: IrFunction, value: Value): string {
  const info = fn.values[value];
  if (info.kind === 'symbol') return `&${info.symbol}${info.imm ? `+${info.imm}` : ''}`;
  if (info.kind !== 'const') return `%${value}`;
  return info.type === 'f' ? `f:0x${(info.imm >>> 0).toString(16)}` : String(info.imm);
}

export function printFunction(fn: IrFunction): string {
  const list = (values: readonly Value[]) => values.map((value) => printValue(fn, value)).join(', ');
  const params = (fn.blocks[0]?.params ?? []).map((value) => `${fn.values[value].type} %${value}`).join(', ');
  const lines = [`function ${fn.name}(${params}) -> ${fn.signature.results.join(' ') || 'nothing'}`];
  for (const block of fn.blocks) {
    lines.push(`b${block.id}(${list(block.params)}):  ; depth ${block.depth}`);
    for (const inst of block.insts) lines.push(`  ${printInst(fn, inst)}`);
    lines.push(`  ${printEnd(fn, block.end)}`);
  }
  return `${lines.join('\n')}\n`;
}

function printInst(fn: IrFunction, inst: Inst): string {
  const results = inst.results.map((value) => `%${value}`).join(', ');
  const args = inst.args.map((value) => printValue(fn, value));
  if (inst.symbol) args.unshift(inst.symbol);
  if (inst.op === 'trapif') args.push(`"${trapName(inst.imm)}"`);
  else if (inst.imm) args.push(`+${inst.imm}`);
  return `${results ? `${results} = ` : ''}${inst.op} ${args.join(', ')}`.trimEnd();
}

function printEnd(fn: IrFunction, end: Terminator): string {
  const edge = ({ to, args }: Edge) => `b${to.id}(${args.map((value) => printValue(fn, value)).join(', ')})`;
  const edges = (end.edges as Edge[]).map(edge).join(' ');
  switch (end.kind) {
    case 'return':
      return `return ${end.args.map((value) => printValue(fn, value)).join(', ')}`.trimEnd();
    case 'trap':
      return `trap "${trapName(end.code)}"`;
    case 'jump':
    case 'loopback':
      return `${end.kind} ${edges}`;
    default:
      return `${end.kind} ${printValue(fn, end.condition)} ${edges}`;
  }
}
