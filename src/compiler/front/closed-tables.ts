/** Tables whose contents nothing can change: what a call through them may reach is known when compiling. */
import { type Instruction, importCount, type WasmModule } from './module.ts';

/** Function index by slot; undefined is null. */
export type ClosedTable = readonly (number | undefined)[];

/** Beyond so many slots a copy of the table for every type of function called through it costs too much memory. */
const MOST_SLOTS = 512;

/** Instructions that write a table, with the immediate that names it. */
const writers: Readonly<Record<string, 'a' | 'b'>> = {
  'table.set': 'a',
  'table.grow': 'a',
  'table.fill': 'a',
  'table.copy': 'a',
  'table.init': 'b',
};

/** The contents of a table, if it is the module's own and stays as its active segments leave it. */
export function closedTable(module: WasmModule, table: number): ClosedTable | undefined {
  if (table < importCount(module, 'table') || module.tables[table].min > MOST_SLOTS) return undefined;
  if (module.exports.some(({ kind, index }) => kind === 'table' && index === table)) return undefined;
  const isWritten = ({ op, a, b }: Instruction) => {
    const immediate = writers[op.name];
    return immediate !== undefined && (immediate === 'a' ? a : b) === table;
  };
  if (module.functions.some(({ code }) => code.some(isWritten))) return undefined;
  const slots = new Array<number | undefined>(module.tables[table].min).fill(undefined);
  for (const segment of module.elements) {
    if (segment.mode !== 'active' || segment.table !== table) continue;
    const offset = onlyConstant(segment.offset);
    // A segment that does not fit stops the program before it begins.
    if (offset === undefined || offset < 0 || offset + segment.items.length > slots.length) return undefined;
    for (const [i, item] of segment.items.entries()) {
      const reference = item[0];
      if (reference.op.name === 'ref.func') slots[offset + i] = reference.a;
      else if (reference.op.name === 'ref.null') slots[offset + i] = undefined;
      else return undefined;
    }
  }
  return slots;
}

function onlyConstant(code: readonly Instruction[]): number | undefined {
  return code[0].op.name === 'i32.const' && code[1].op.name === 'end' ? code[0].a : undefined;
}
