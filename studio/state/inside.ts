/** What is known about the inside of the last story. */
import { effect, signal } from '@preact/signals';
import type { Prediction } from '../../src/firmware/index.ts';
import type { CodeLine, ImageChoice, TokenLook, Told } from '../worker/protocol.ts';
import { precision } from './address.ts';
import { knowFacts, source } from './model.ts';
import { told } from './story.ts';
import { insideWorker, lab, type RoomError } from './workers.ts';

/** By token of the story, as they come. */
export const looks = signal<readonly TokenLook[]>([]);
/** The token that is looked at. */
export const chosen = signal(0);
export const prediction = signal<Prediction | undefined>(undefined);
export const listing = signal<{ name: string; lines: readonly CodeLine[] } | undefined>(undefined);
export const insideFailure = signal<RoomError | undefined>(undefined);

/** The story that all of this is about. */
let subject: Told | undefined;

const choiceOf = ({ image }: Told): ImageChoice => ({ board: image.board, precision: precision.peek() });

/** Looks into the last story, unless that has been done. */
export async function lookInside(): Promise<void> {
  const story = told.value;
  if (!story || story === subject) return;
  subject = story;
  looks.value = [];
  prediction.value = undefined;
  listing.value = undefined;
  insideFailure.value = undefined;
  chosen.value = Math.max(
    0,
    story.tokens.findIndex(({ given }) => !given),
  );
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

// A new story has nothing to do with what was seen in the last one.
effect(() => {
  if (told.value === undefined) listing.value = undefined;
});
