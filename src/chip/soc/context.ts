import type { Clock } from './clock.ts';
import type { Warnings } from './warnings.ts';

/** What every peripheral is built from. */
export interface PeripheralContext {
  readonly clock: Clock;
  readonly warnings: Warnings;
  /** Hertz of the APB bus now: 80 MHz on the PLL, the CPU's clock otherwise. */
  apbHertz(): number;
  /** Level of an interrupt source (number of the interrupt matrix) changed. */
  interrupt(source: number, level: boolean): void;
}

/** Crystal on every board of the table. */
export const CRYSTAL_HERTZ = 40_000_000;
/** RC_FAST_CLK, nominal. */
export const RC_FAST_HERTZ = 17_500_000;
/** RC_SLOW_CLK, nominal: counts the RTC watchdog. */
export const RC_SLOW_HERTZ = 136_000;
