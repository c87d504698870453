/** Where the time of one token of a story went: kernel by kernel, instruction by instruction, on both cores. */
import type { Cache } from '../cache.ts';
import type { ExplainedLine } from '../chip/index.ts';
import { type StoryOptions, storyLines } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import type { Firmware } from './build.ts';
import { createListing, type Listing } from './listing.ts';
import { functionAt } from './profile.ts';
import { createSession, type Session } from './session.ts';

/** Of a token that has no time of its own. */
export const readTogether = 'this token is read together with others in one pass over the weights';

export interface ExplainedInstruction {
  readonly address: number;
  readonly text: string;
  /** Of core 0 and core 1; undefined where the core did not come by. */
  readonly cores: readonly [ExplainedLine | undefined, ExplainedLine | undefined];
}

export interface ExplainedFunction {
  readonly name: string;
  /** Cycles of core 0 and core 1. */
  readonly cycles: readonly [number, number];
  /** All of its instructions; none for code that lies outside the image. */
  readonly lines: readonly ExplainedInstruction[];
}

/** Simulated seconds that a story may take until its token comes, and the token itself. */
const PATIENCE = 600;
const SLICE = 20_000;

type Story = StoryOptions & { cache?: Cache };

/**
 * Tells the story again up to its token number `index`, counted from 0 with those of the prompt, and that token slowly. The time is that from
 * the end of the pass before to the end of its own, with what is printed in between.
 * @returns functions, the most expensive first, one step a yield until then
 * @throws FailureError where the story is shorter, or the token is read together with others in one pass
 */
export function* explainTokenSteps(
  firmware: Firmware,
  story: Story,
  index: number,
): Generator<void, ExplainedFunction[]> {
  const session = createSession(firmware, { cache: story.cache });
  yield* tellUntil(session, story, index);
  if (session.status.passes > index) throw new FailureError(readTogether);
  return byFunction(
    firmware,
    createListing(firmware),
    session.chip.startExplaining()(passedIn(session, index)),
  );
}

/** A token of a story, counted from 0 with those of the prompt. */
export interface ExplainedToken {
  readonly index: number;
  /** The most expensive first; undefined where it is read together with others in one pass. */
  readonly functions: readonly ExplainedFunction[] | undefined;
}

/** The same of the first `count` tokens, in one go. @returns a token a yield, beside steps that bring none */
export function* explainTokensSteps(
  firmware: Firmware,
  story: Story,
  count: number,
): Generator<ExplainedToken | undefined, void> {
  const session = createSession(firmware, { cache: story.cache });
  for (const _ of tellUntil(session, story, 0)) yield undefined;
  const explain = session.chip.startExplaining();
  const list = createListing(firmware);
  for (let index = 0; index < count; index++) {
    const isAlone = session.status.passes === index;
    yield {
      index,
      functions: isAlone ? byFunction(firmware, list, explain(passedIn(session, index))) : undefined,
    };
  }
}

/** What says that the pass of a token is over, or the story is. */
function passedIn(session: Session, index: number): () => boolean {
  const { stories } = session.status;
  return () => session.statusWord('passes') > index || session.statusWord('stories') !== stories;
}

/** Boots, asks for a story and waits for its token number `index` to be next. */
function* tellUntil(session: Session, { cache: _, ...story }: Story, index: number): Generator<void, void> {
  const { chip, steps } = session;
  yield* steps.boot();
  for (const line of storyLines(story)) yield* steps.command(line);
  const { stories } = session.status;
  session.type(`${story.prompt ?? ''}\r`);
  const isOver = (): boolean => session.status.stories !== stories;
  const hasBegun = (): boolean => session.status.phase !== 'ready' && session.status.passes >= index;
  const end = chip.seconds + PATIENCE;
  while (!hasBegun()) {
    if (isOver() || chip.seconds > end) throw new FailureError(`the story has no token number ${index + 1}`);
    chip.run({ maxCycles: SLICE, until: hasBegun });
    yield;
  }
}

function byFunction(
  { code }: Firmware,
  list: Listing,
  explained: readonly (readonly ExplainedLine[])[],
): ExplainedFunction[] {
  const cycles = new Map<string, [number, number]>();
  const at = explained.map((lines) => new Map(lines.map((line) => [line.address, line])));
  explained.forEach((lines, core) => {
    for (const line of lines) {
      const name = functionAt(code, line.address);
      const sums = cycles.get(name) ?? [0, 0];
      sums[core] += line.cycles;
      cycles.set(name, sums);
    }
  });
  const listed = (name: string): ExplainedInstruction[] =>
    code.some((range) => range.name === name)
      ? list(name).map(({ address, text }) => ({
          address,
          text,
          cores: [at[0].get(address), at[1].get(address)],
        }))
      : [];
  return [...cycles]
    .map(([name, both]) => ({ name, cycles: both, lines: listed(name) }))
    .sort((one, other) => other.cycles[0] + other.cycles[1] - one.cycles[0] - one.cycles[1]);
}
