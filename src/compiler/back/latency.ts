/** How long a result keeps the next instruction waiting, from the stages in xtensa/latency.ts. */
import { ADDRESS_USE, opcodeByName, scalarRule } from '../../xtensa/index.ts';

/** The divider is busy for as long as the quotient takes (chip/core/timing.ts); this is a middle value. */
const DIVIDE = 8;
const divisions = new Set(['quos', 'quou', 'rems', 'remu']);

/** Register file of what an instruction makes: `mov` and other names of ours make address registers. */
const resultFile = (name: string) => resultFiles.get(name) ?? 'AR';
const resultFiles = new Map(
  [...opcodeByName].flatMap(([name, { operands }]) => {
    const file = operands.find(({ dir, regfile }) => regfile && dir !== 'in')?.regfile;
    return file === 'FR' || file === 'BR' || file === 'MR' ? [[name, file] as const] : [];
  }),
);

/** Cycles from the issue of `producer` to the earliest issue of a `consumer` of its result. */
export function latency(producer: string, consumer: string, isLiteral: boolean): number {
  if (divisions.has(producer)) return DIVIDE;
  const name = isLiteral ? 'l32r' : producer;
  const file = resultFile(name);
  const define = scalarRule(name).define[file] ?? 1;
  const use = file === 'AR' ? ADDRESS_USE : scalarRule(consumer).use;
  return Math.max(define - use + 1, 1);
}
