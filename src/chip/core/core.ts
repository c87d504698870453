import type { Bus } from '../bus.ts';
import type { CoreState } from './state.ts';

/** What the chip (chip-soc) holds of a core. */
export interface Core {
  readonly state: CoreState;
  /** Cycles since reset of the chip (a double). */
  readonly cycles: number;
  /** Instructions executed since reset. */
  readonly instructions: number;
  /** False while the core is stalled, clock-gated or held in reset: it then costs nothing to simulate. */
  running: boolean;
  /** True while it waits in WAITI. */
  readonly waiting: boolean;
  /** Puts the core into its reset state (PC at the reset vector 0x40000400, VECBASE 0x40000000, PS 0x1F). */
  reset(): void;
  /** External interrupt lines 0..31 as levels (from the interrupt matrix). Edge lines latch on a rising edge. */
  setInterruptLines(lines: number): void;
  /** Runs until the chip's cycle count `until` (or a little beyond: instructions are not split). */
  runUntil(until: number): void;
  /** Executes one instruction (or takes one pending interrupt). */
  step(): void;
}

export declare function createCore(bus: Bus, core: number): Core;
