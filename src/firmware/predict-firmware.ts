/** The prediction for an image, and for the same program where its parts lie elsewhere. */
import type { Firmware } from './build.ts';
import { createIdealCores } from './ideal.ts';
import { type Moving, type Prediction, predict } from './predict.ts';

/** Of a story of so many positions; default: of 256, or of the context where that is shorter. */
export function predictFirmware(firmware: Firmware, positions?: number): Prediction {
  const { board, clock, context, cores, pie, memoryMap } = firmware;
  const placed = memoryMap.regions.flatMap(({ name, entries }) =>
    entries.map(({ purpose, reads, writes }): Moving => ({ region: name, purpose, reads, writes })),
  );
  return predict(
    { placed, board, context, clock, cores, pie, coreCycles: coreCyclesOf(firmware) },
    positions,
  );
}

/** Cycles of a pass by position where no memory makes the cores wait, each found out once. */
export function coreCyclesOf(firmware: Firmware): (position: number) => number {
  const known = new Map<number, number>();
  let cores: ReturnType<typeof createIdealCores> | undefined;
  return (position) => {
    const before = known.get(position);
    if (before !== undefined) return before;
    cores ??= createIdealCores(firmware);
    const cycles = cores.pass(position);
    known.set(position, cycles);
    return cycles;
  };
}
