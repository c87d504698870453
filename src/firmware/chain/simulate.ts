/** Boards of one model in one simulated time, wired in a ring. */
import { type Chip, createChip, runTogether, type WireFault, wireUarts } from '../../chip/soc/index.ts';
import type { Firmware } from '../build.ts';
import { finish, type Session, type SessionOptions } from '../session.ts';
import { type SimulateOptions, type Simulation, simulateSteps } from '../simulate.ts';

export interface RingOptions {
  /** What wires do to bytes: the one that leads out of the board of each index. */
  faults?: readonly (WireFault | undefined)[];
}

/** The boards behind the one with the console. */
export interface Ring {
  readonly others: readonly Chip[];
  /** Of the session of the board with the console: all run with it. */
  readonly advance: NonNullable<SessionOptions['advance']>;
}

/** Powers all boards but the first up. */
export function createRing([first, ...images]: readonly Firmware[], { faults = [] }: RingOptions = {}): Ring {
  const others = images.map(({ flash, board }) => createChip({ flash, board }));
  const pins = first.board.link;
  let all: readonly Chip[] | undefined;
  const wire = (console: Chip): readonly Chip[] => {
    const chips = [console, ...others];
    chips.forEach((chip, index) => {
      const next = chips[(index + 1) % chips.length];
      wireUarts({ chip, pin: pins.tx }, { chip: next, pin: pins.rx }, faults[index]);
    });
    return chips;
  };
  return {
    others,
    advance(console, cycles) {
      all ??= wire(console);
      runTogether(all, console.ticks + cycles * console.clock.ticksPerCycle);
    },
  };
}

/** As {@link simulate}, of a model over several boards: `images` as {@link buildChain} gives them. */
export const simulateChain = (
  images: readonly Firmware[],
  options: SimulateOptions & RingOptions = {},
): Simulation => finish(simulateChainSteps(images, options));

/** {@link simulateChain}, step by step. */
export function* simulateChainSteps(
  images: readonly Firmware[],
  options: SimulateOptions & RingOptions = {},
): Generator<Session, Simulation> {
  const ring = createRing(images, options);
  const story = yield* simulateSteps(images[0], { ...options, advance: ring.advance });
  const warnings = ring.others.flatMap((chip, index) =>
    chip.warnings.list.map(({ message }) => `board ${index + 2}: ${message}`),
  );
  return { ...story, warnings: [...story.warnings, ...warnings] };
}
