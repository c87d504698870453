/**
 * The initial contents of memory as part of the object, for programs that nobody loads for: what is otherwise handed to
 * the host or the memory planner as a list of segments.
 */
import type { Assembler } from '../../xtensa/index.ts';
import type { WasmModule } from '../front/module.ts';
import { importCount } from '../front/module.ts';
import type { Linkage } from '../linkage.ts';
import { activeSegments } from './data.ts';

/** Of the table of segments: words {address, bytes, where they lie in the program}, then a 0. */
export const DATA_TABLE = '__wasm_data';
const WASM_PAGE = 65536;

/**
 * Checked mode: the memory itself, with its data in it. Chip mode: the segments, and a table from which the start of the
 * program copies them to their addresses.
 */
export function emitContents(asm: Assembler, module: WasmModule, linkage: Linkage): void {
  if (module.memories.length === 0 || importCount(module, 'memory') > 0) return;
  const segments = activeSegments(module, linkage);
  if (!linkage.checked) {
    emitTable(asm, segments);
    return;
  }
  const length = Math.max(0, ...segments.map(({ address, bytes }) => address + bytes.length));
  const contents = new Uint8Array(length);
  for (const { address, bytes } of segments) contents.set(bytes, address);
  asm.section('.data.contents', { align: 16, code: false });
  asm.place(linkage.memorySymbol);
  asm.bytes(contents);
  asm.space(module.memories[0].min * WASM_PAGE - length);
}

function emitTable(asm: Assembler, segments: readonly { address: number; bytes: Uint8Array }[]): void {
  asm.section('.rodata.contents', { align: 4, code: false });
  const labels = segments.map(() => asm.label('segment'));
  asm.place(DATA_TABLE);
  segments.forEach(({ address, bytes }, i) => void asm.word(address, bytes.length, labels[i]));
  asm.word(0);
  segments.forEach(({ bytes }, i) => {
    asm.align(4);
    asm.place(labels[i]);
    asm.bytes(bytes);
  });
}
