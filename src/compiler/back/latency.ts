/**
 * When results can be used, as far as the order of instructions depends on it. The stages are those of the cycle model
 * (src/chip/core/timing.ts, from docs/esp32-s3.md A2 to A4): a result defined in stage D and used in stage U needs
 * max(D - U + 1, 1) cycles between the two.
 */
interface Stages {
  readonly use: number;
  readonly define: number;
}

const alu: Stages = { use: 1, define: 1 };
const rows: readonly (readonly [Stages, string])[] = [
  [{ use: 1, define: 2 }, 'l8ui l16ui l16si l32i mull muluh mulsh lsi lsx'],
  [
    { use: 2, define: 5 },
    'add.s sub.s mul.s madd.s msub.s float.s ufloat.s round.s trunc.s utrunc.s floor.s ceil.s',
  ],
  [
    { use: 2, define: 3 },
    'mov.s abs.s neg.s wfr const.s rfr moveqz.s movnez.s movltz.s movgez.s movt.s movf.s',
  ],
  [{ use: 2, define: 3 }, 'oeq.s olt.s ole.s ueq.s ult.s ule.s un.s'],
  [{ use: 2, define: 1 }, 'ssi ssx'],
  // The divider is busy for as long as it takes; 8 is a middle value.
  [{ use: 1, define: 8 }, 'quos quou rems remu'],
];
const stages = new Map(rows.flatMap(([row, names]) => names.split(' ').map((name) => [name, row] as const)));

/** Cycles from the issue of `producer` to the earliest issue of a `consumer` of its result. */
export function latency(producer: string, consumer: string, isLiteral: boolean): number {
  const define = isLiteral ? 2 : (stages.get(producer) ?? alu).define;
  return Math.max(define - (stages.get(consumer) ?? alu).use + 1, 1);
}
