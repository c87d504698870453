/** One story from the simulated chip: booted from its flash image, prompted over UART0, measured. */
import { type PinState, pinStates } from '../chip/soc/index.ts';
import { type StoryOptions, storyLines } from '../contract/index.ts';
import { createTokenizer } from '../model/index.ts';
import type { Firmware } from './build.ts';
import { type EnergyEstimate, estimateEnergy } from './energy.ts';
import { type ProfileRow, profileBetween, type Spent, spentBy } from './profile.ts';
import { checkStory } from './prompt.ts';
import { createSession, finish, type PinInput, type Session, type SessionOptions } from './session.ts';
import { formatDigest, type Status } from './status.ts';

export interface SimulateOptions
  extends StoryOptions,
    Pick<
      SessionOptions,
      'inputs' | 'output' | 'usbHost' | 'advance' | 'onLook' | 'rom' | 'cache' | 'psramWindow'
    > {
  /** Also say where the cycles went. */
  profile?: boolean;
}

export interface Simulation {
  /** Token ids in order, those of the prompt included. */
  tokens: number[];
  /** 16 hexadecimal digits over the ids. */
  digest: string;
  status: Status;
  /** All that left UART0, Latin-1. */
  printed: string;
  /** At the firmware's clock: whole story, first and last token. */
  tokensPerSecond: { mean: number; first: number; last: number };
  /** Mean. */
  millisecondsPerToken: number;
  /** What a token costs: an estimate, not a prediction of the cycle model. */
  energy: EnergyEstimate;
  /** Simulated seconds from power-on to the first prompt sign. */
  bootSeconds: number;
  /** What the program drives in the end, the screen aside. */
  pins: PinState[];
  /** What pins carried from outside. */
  inputs: readonly PinInput[];
  /** By function, during the story; empty without `profile`. */
  profile: ProfileRow[];
  /** How the simulation itself ran. */
  host: { seconds: number; instructions: number; instructionsPerSecond: number; simulatedSeconds: number };
  /** What the firmware did that a chip would not like: unknown registers, unaligned vector accesses. */
  warnings: readonly string[];
}

/**
 * Boots, sets, tells.
 * @throws UsageError for a prompt or a length that the image cannot take, before anything runs; FailureError if the firmware panics or
 * does not finish
 */
export const simulate = (firmware: Firmware, options: SimulateOptions = {}): Simulation =>
  finish(simulateSteps(firmware, options));

/**
 * {@link simulate} for who has other things to do meanwhile: a step runs 20,000 cycles and hands out the session, to be looked at or
 * stopped (`type('\x03')`, Ctrl-C).
 */
export function* simulateSteps(
  firmware: Firmware,
  options: SimulateOptions = {},
): Generator<Session, Simulation> {
  const tokenizer = createTokenizer(firmware.pieces);
  checkStory(options.prompt ?? '', options.tokens, { tokenizer, context: firmware.context });
  const started = performance.now();
  const session = createSession(firmware, options);
  const { chip, steps } = session;
  function* shown<Result>(work: Generator<void, Result>): Generator<Session, Result> {
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      yield session;
    }
  }
  yield* shown(steps.boot());
  const bootSeconds = chip.seconds;
  for (const line of storyLines(options)) yield* shown(steps.command(line));
  const tokens = options.tokens ?? firmware.context;
  const limit = STORY_SECONDS + tokens * SECONDS_PER_TOKEN;
  let begun: Spent | undefined;
  let told: Spent | undefined;
  const status = yield* shown(
    steps.tell(options.prompt ?? '', limit, (isOver) => {
      if (!options.profile) return;
      begun ??= spentBy(chip);
      if (isOver) told = spentBy(chip);
    }),
  );

  const seconds = (performance.now() - started) / 1000;
  session.keep();
  const instructions = chip.cores[0].instructions + chip.cores[1].instructions;
  const rate = (cycles: number, passes: number): number =>
    cycles > 0 ? (passes * firmware.clock * 1e6) / cycles : 0;
  const mean = rate(status.totalCycles, status.passes);
  return {
    tokens: session.tokens,
    digest: formatDigest(status.digest),
    status,
    printed: session.printed,
    tokensPerSecond: { mean, first: rate(status.firstCycles, 1), last: rate(status.lastCycles, 1) },
    millisecondsPerToken: mean > 0 ? 1000 / mean : 0,
    energy: estimateEnergy(firmware, mean > 0 ? 1000 / mean : 0),
    bootSeconds,
    pins: pinStates(chip),
    inputs: options.inputs ?? [],
    profile: begun && told ? profileBetween(firmware.code, [begun, told], status.totalCycles) : [],
    host: {
      seconds,
      instructions,
      instructionsPerSecond: instructions / seconds,
      simulatedSeconds: chip.seconds,
    },
    warnings: chip.warnings.list.map(({ message }) => message),
  };
}

/** A story may be as slow as float32 from quad flash; beyond that something is wrong. */
const STORY_SECONDS = 10;
const SECONDS_PER_TOKEN = 20;
