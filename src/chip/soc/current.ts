/** Supply current of the chip by clock and busy cores, radio off, at 3.3 V and 25 °C: typical values, docs/esp32-s3.md A6 (DS). */

export interface SupplyCurrent {
  /** mA with the clocks of all peripherals off. */
  least: number;
  /** mA with all of them on. */
  most: number;
}

export interface Activity {
  megahertz: 80 | 160 | 240;
  /** Cores that are busy; the other one waits for an interrupt. */
  cores: 1 | 2;
  /** Whether they move 128 bits at a time (PIE) or 32. */
  vectors: boolean;
}

type Row = readonly [least: number, most: number];
interface Rows {
  scalar: readonly [one: Row, two: Row];
  vector: readonly [one: Row, two: Row];
}

const rows: Readonly<Record<Activity['megahertz'], Rows>> = {
  80: {
    scalar: [
      [28.4, 42.6],
      [33.1, 47.3],
    ],
    vector: [
      [35.1, 49.6],
      [41.8, 56.3],
    ],
  },
  160: {
    scalar: [
      [39.9, 54.6],
      [49.6, 64.1],
    ],
    vector: [
      [54.4, 69.2],
      [66.7, 81.1],
    ],
  },
  240: {
    scalar: [
      [51.2, 65.9],
      [66.2, 81.3],
    ],
    vector: [
      [72.4, 87.9],
      [91.7, 107.9],
    ],
  },
};

export const SUPPLY_VOLTS = 3.3;

/** Of the chip alone: flash, PSRAM, screen and a board's regulator come on top. */
export function supplyCurrent({ megahertz, cores, vectors }: Activity): SupplyCurrent {
  const [least, most] = rows[megahertz][vectors ? 'vector' : 'scalar'][cores - 1];
  return { least, most };
}
