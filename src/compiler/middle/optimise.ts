import { convertBranches } from './convert-if.ts';
import { markCountedLoops } from './counted.ts';
import { shareExpressions } from './cse.ts';
import { useFloatFacts } from './float-facts.ts';
import type { IrFunction } from './ir.ts';
import { hoistInvariants } from './licm.ts';
import { liftAddresses } from './lift.ts';
import { findLoops, splitCriticalEdges } from './loops.ts';
import { rebaseSums } from './rebase.ts';
import { simplify } from './simplify.ts';

/** Told the name of each pass that has run. */
export type Check = (pass: string) => void;

/**
 * The passes over the intermediate form; afterwards it is ready for selection. Loops numbered in `uncounted` keep their
 * branches.
 */
export function optimise(fn: IrFunction, uncounted: ReadonlySet<number>, check: Check = () => {}): void {
  const passes = {
    simplify,
    shareExpressions,
    useFloatFacts,
    hoistInvariants,
    markCountedLoops: () => markCountedLoops(fn, uncounted),
    liftAddresses,
    rebaseSums,
    findLoops: () => void findLoops(fn),
    splitCriticalEdges,
  };
  const run = (...names: (keyof typeof passes)[]) => {
    for (const name of names) {
      passes[name](fn);
      check(name);
    }
  };
  check('building');
  run('simplify', 'shareExpressions', 'useFloatFacts', 'simplify');
  while (convertBranches(fn)) {
    check('convertBranches');
    run('simplify');
  }
  run('shareExpressions', 'simplify', 'hoistInvariants', 'shareExpressions', 'simplify');
  run('markCountedLoops', 'simplify');
  // From here on nothing folds sums together again.
  run('liftAddresses', 'rebaseSums', 'findLoops', 'splitCriticalEdges');
}
