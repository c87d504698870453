/** Where the cycles go: what the cores spent in which code during a story, put down to functions. */
import type { Chip } from '../chip/soc/index.ts';
import type { CodeRange } from './build.ts';

export interface ProfileRow {
  name: string;
  /** Cycles of core 0 and core 1. */
  cycles: [number, number];
  /** The same by the address from which the code ran that spent them. */
  places: { address: number; cycles: [number, number] }[];
}

/** Cycles of both cores by address, as {@link Chip} counts them. */
export type Spent = readonly [ReadonlyMap<number, number>, ReadonlyMap<number, number>];

export const spentBy = ({ cores }: Chip): Spent => [cores[0].cyclesByCode(), cores[1].cyclesByCode()];

const ELSEWHERE = 'ROM and elsewhere';

/**
 * Functions by the cycles between two moments, the most expensive first, scaled so that core 0 has spent `total` cycles.
 * @param code functions in the order of their addresses
 */
export function profileBetween(
  code: readonly CodeRange[],
  [start, end]: readonly [Spent, Spent],
  total: number,
): ProfileRow[] {
  const rows = new Map<string, ProfileRow>();
  end.forEach((counts, core) => {
    for (const [address, cycles] of counts) {
      const spent = cycles - (start[core].get(address) ?? 0);
      if (spent === 0) continue;
      const name = functionAt(code, address);
      const row: ProfileRow = rows.get(name) ?? { name, cycles: [0, 0], places: [] };
      row.cycles[core] += spent;
      let place = row.places.find((other) => other.address === address);
      if (!place) row.places.push((place = { address, cycles: [0, 0] }));
      place.cycles[core] += spent;
      rows.set(name, row);
    }
  });
  const seen = [...rows.values()].reduce((sum, { cycles }) => sum + cycles[0], 0);
  const scale = seen > 0 ? total / seen : 0;
  const sum = ({ cycles }: ProfileRow): number => cycles[0] + cycles[1];
  const scaled = ([first, second]: readonly [number, number]): [number, number] => [
    first * scale,
    second * scale,
  ];
  return [...rows.values()]
    .map(
      ({ name, cycles, places }): ProfileRow => ({
        name,
        cycles: scaled(cycles),
        places: places
          .map((place) => ({ address: place.address, cycles: scaled(place.cycles) }))
          .sort((one, other) => one.address - other.address),
      }),
    )
    .sort((one, other) => sum(other) - sum(one));
}

export function functionAt(code: readonly CodeRange[], address: number): string {
  let [low, high] = [0, code.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  const found = code[low - 1];
  return found && address < found.address + found.bytes ? found.name : ELSEWHERE;
}
