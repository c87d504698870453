import { convertBranches } from './convert-if.ts';
import { markCountedLoops } from './counted.ts';
import { shareExpressions } from './cse.ts';
import type { IrFunction } from './ir.ts';
import { hoistInvariants } from './licm.ts';
import { findLoops, splitCriticalEdges } from './loops.ts';
import { rebaseSums } from './rebase.ts';
import { simplify } from './simplify.ts';

/**
 * The passes over the intermediate form; afterwards it is ready for selection. Loops numbered in `uncounted` keep their
 * branches.
 */
export function optimise(fn: IrFunction, uncounted: ReadonlySet<number>): void {
  simplify(fn);
  shareExpressions(fn);
  simplify(fn);
  while (convertBranches(fn)) simplify(fn);
  shareExpressions(fn);
  simplify(fn);
  hoistInvariants(fn);
  shareExpressions(fn);
  simplify(fn);
  markCountedLoops(fn, uncounted);
  simplify(fn);
  // From here on nothing folds sums together again.
  rebaseSums(fn);
  findLoops(fn);
  splitCriticalEdges(fn);
}
