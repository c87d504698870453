/** Boards of one model in one simulated time, wired in a ring. */
import type { Cache } from '../../cache.ts';
import { type Chip, createChip, type WireFault, wireChips } from '../../chip/soc/index.ts';
import type { Firmware } from '../build.ts';
import type { EnergyEstimate } from '../energy.ts';
import { finish, offerTranslations, type Session, type SessionOptions } from '../session.ts';
import { type SimulateOptions, type Simulation, simulateSteps } from '../simulate.ts';

export interface RingOptions {
  /** What wires do to bytes: the one that leads out of the board of each index. */
  faults?: readonly (WireFault | undefined)[];
  /** Keeps between runs what the simulated cores have been translated to. */
  cache?: Cache;
  /** The chip's own mask ROM, for all of them. */
  rom?: Uint8Array;
}

/** The boards behind the one with the console. */
export interface Ring {
  readonly others: readonly Chip[];
  /** Of the session of the board with the console: all run with it. */
  readonly advance: NonNullable<SessionOptions['advance']>;
  /** As that of a session. */
  keep(): void;
}

/** Powers all boards but the first up; nothing has run yet. */
export function createRing(
  [first, ...images]: readonly Firmware[],
  { faults = [], cache, rom }: RingOptions = {},
): Ring {
  const others = images.map(({ flash, board }) => createChip({ flash, board, rom }));
  const translations = others.map((chip, index) => offerTranslations(chip, images[index], cache));
  const { tx, rx } = first.board.link;
  let runUntil: ReturnType<typeof wireChips> | undefined;
  const wire = (console: Chip) => {
    const chips = [console, ...others];
    const next = (index: number): number => (index + 1) % chips.length;
    const wires = chips.map((_, from) => ({ from, out: tx, to: next(from), in: rx, fault: faults[from] }));
    return wireChips(chips, wires);
  };
  return {
    others,
    advance(console, cycles) {
      runUntil ??= wire(console);
      runUntil(console.ticks + cycles * console.clock.ticksPerCycle);
    },
    keep() {
      for (const { keep } of translations) keep();
    },
  };
}

/** As `simulate`, of a model over several boards: `images` as `buildChain` gives them. @throws as that */
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
  ring.keep();
  const warnings = ring.others.flatMap((chip, index) =>
    chip.warnings.list.map(({ message }) => `board ${index + 2}: ${message}`),
  );
  return {
    ...story,
    energy: timesOf(story.energy, images.length),
    warnings: [...story.warnings, ...warnings],
  };
}

/** Of so many chips, all of which are awake. */
function timesOf(
  { millijoulesPerToken, milliamperes, volts }: EnergyEstimate,
  chips: number,
): EnergyEstimate {
  const times = <Range extends { least: number; most: number }>({ least, most }: Range) => ({
    least: chips * least,
    most: chips * most,
  });
  return { millijoulesPerToken: times(millijoulesPerToken), milliamperes: times(milliamperes), volts };
}
