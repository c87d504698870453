import type { IrFunction } from './ir.ts';
import { findLoops, splitCriticalEdges } from './loops.ts';
import { simplify } from './simplify.ts';

/** The passes over the intermediate form; afterwards it is ready for selection. */
export function optimise(fn: IrFunction): void {
  simplify(fn);
  findLoops(fn);
  splitCriticalEdges(fn);
}
