/** What is known about the inside of the last story. */
import { effect, signal } from '@preact/signals';
import type { ExplainedFunction, Prediction } from '../../src/firmware/index.ts';
import type { CodeLine, ImageChoice, TokenLook, Told } from '../worker/protocol.ts';
import { knowFacts, source } from './model.ts';
import type { RoomError } from './room-error.ts';
import { asked, told } from './story.ts';
import { type Call, insideWorker, lab } from './workers.ts';

/** By token of the story, as they come. */
export const looks = signal<readonly TokenLook[]>([]);
/** The token that is looked at. */
export const chosen = signal(0);
export const prediction = signal<Prediction | undefined>(undefined);
export const listing = signal<{ name: string; lines: readonly CodeLine[] } | undefined>(undefined);
export const insideFailure = signal<RoomError | undefined>(undefined);

/** Where the time of the chosen token went, by function. */
export const kernels = signal<readonly ExplainedFunction[] | undefined>(undefined);
export const kernelsFailure = signal<RoomError | undefined>(undefined);
/** The function whose code is shown. */
export const chosenKernel = signal('');

/** The story that all of this is about. */
let subject: Told | undefined;

/** The image that told it. */
function choiceOf({ image }: Told): ImageChoice {
  const { precision, context } = asked.peek() ?? {};
  return { board: image.board, precision, context };
}

/** Looks into the last story, unless that has been done. */
export async function lookInside(): Promise<void> {
  const story = told.value;
  if (!story || story === subject) return;
  subject = story;
  looks.value = [];
  prediction.value = undefined;
  listing.value = undefined;
  insideFailure.value = undefined;
  insideWorker.end();
  const input = { source: source.value, tokens: story.tokens.map(({ id }) => id) };
  const look = insideWorker.call('look', input, (batch) => {
    if (subject === story) looks.value = [...looks.value, ...batch];
  });
  const predict = lab.call('predict', choiceOf(story));
  try {
    await look.result;
    insideWorker.end();
    await knowFacts();
    const found = await predict.result;
    if (subject === story) prediction.value = found;
  } catch (error) {
    if (subject === story) insideFailure.value = error as RoomError;
  }
}

/** The machine code of a function, or none of it any more. */
export async function toggleListing(name: string): Promise<void> {
  if (listing.value?.name === name || !subject) {
    listing.value = undefined;
    return;
  }
  try {
    const lines = await lab.call('list', { ...choiceOf(subject), name }).result;
    listing.value = { name, lines };
  } catch (error) {
    insideFailure.value = error as RoomError;
  }
}

/** A token that is passed over on the way to another is not looked at. */
const REST_MS = 400;
/** Of the last story, by token. */
let known = new Map<number, readonly ExplainedFunction[]>();
let knownOf: Told | undefined;
let looking: Call<ExplainedFunction[] | undefined> | undefined;

/** Has a look at a token's kernels, if it stays chosen. @returns what gives it up */
export function lookAtKernels(story: Told, index: number): () => void {
  if (knownOf !== story) known = new Map();
  knownOf = story;
  kernelsFailure.value = undefined;
  kernels.value = known.get(index);
  let isWanted = true;
  const look = async (): Promise<void> => {
    const question = asked.value;
    if (!question) return;
    const before = looking;
    before?.stop();
    await before?.result.catch(() => {});
    if (!isWanted) return;
    looking = lab.call('explain', { question, index });
    try {
      const functions = await looking.result;
      if (functions && knownOf === story) known.set(index, functions);
      if (isWanted) kernels.value = functions;
    } catch (error) {
      if (isWanted) kernelsFailure.value = error as RoomError;
    }
  };
  const timer = kernels.value ? undefined : setTimeout(() => void look(), REST_MS);
  return () => {
    isWanted = false;
    clearTimeout(timer);
    looking?.stop();
  };
}

// A new story has nothing to do with what was seen in the last one.
effect(() => {
  const story = told.value;
  if (story === undefined) listing.value = undefined;
  chosen.value = Math.max(0, story?.tokens.findIndex(({ given }) => !given) ?? 0);
});
