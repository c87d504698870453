/** What a token costs in energy: an estimate from the data sheet's currents and the predicted time, never measured. */
import { SUPPLY_VOLTS, type SupplyCurrent, supplyCurrent } from '../chip/soc/index.ts';
import type { Firmware } from './build.ts';

/** Ranges: with the clocks of all peripherals off, and with all of them on; our firmware is between. */
export interface EnergyEstimate {
  millijoulesPerToken: { least: number; most: number };
  milliamperes: SupplyCurrent;
  volts: number;
}

/** For a firmware that is busy all the time; the chip alone. */
export function estimateEnergy(
  { clock, cores, pie }: Pick<Firmware, 'clock' | 'cores' | 'pie'>,
  millisecondsPerToken: number,
): EnergyEstimate {
  const milliamperes = supplyCurrent({ megahertz: clock, cores, vectors: pie });
  const energy = (current: number): number => (SUPPLY_VOLTS * current * millisecondsPerToken) / 1000;
  return {
    millijoulesPerToken: { least: energy(milliamperes.least), most: energy(milliamperes.most) },
    milliamperes,
    volts: SUPPLY_VOLTS,
  };
}
