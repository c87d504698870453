/** The story that is being told, or was. */
import { computed, signal } from '@preact/signals';
import type { ImageFacts, Question, Told, ToldToken } from '../worker/protocol.ts';
import { question } from './address.ts';
import type { RoomError } from './room-error.ts';
import { type Call, lab } from './workers.ts';

export type StoryPhase = 'idle' | 'building' | 'booting' | 'telling' | 'over' | 'failed';

export const phase = signal<StoryPhase>('idle');
export const toldTokens = signal<readonly ToldToken[]>([]);
export const consoleText = signal('');
export const pixels = signal<Uint8Array | undefined>(undefined);
export const image = signal<ImageFacts | undefined>(undefined);
export const told = signal<Told | undefined>(undefined);
/** What the last story was asked for. */
export const asked = signal<Question | undefined>(undefined);
export const failure = signal<RoomError | undefined>(undefined);

export const isBusy = computed(() => ['building', 'booting', 'telling'].includes(phase.value));

let running: Call<undefined> | undefined;
/** What was asked for last: events of earlier stories are nobody's. */
let latest: object | undefined;

/** Tells what the settings ask for; a story that is being told is stopped first. */
export async function tellStory(): Promise<void> {
  const before = running;
  before?.stop();
  phase.value = 'building';
  toldTokens.value = [];
  consoleText.value = '';
  pixels.value = undefined;
  told.value = undefined;
  failure.value = undefined;
  const mine = {};
  latest = mine;
  await before?.result.catch(() => {});
  if (latest !== mine) return;
  const wanted = question();
  asked.value = wanted;
  const call = lab.call('tell', wanted, (event) => {
    if (latest !== mine) return;
    if (event.kind === 'built') {
      image.value = event.image;
      phase.value = 'booting';
    } else if (event.kind === 'tokens') {
      toldTokens.value = [...toldTokens.value, ...event.tokens];
      phase.value = 'telling';
    } else if (event.kind === 'told') {
      told.value = event.told;
      phase.value = 'over';
    } else if (event.kind === 'console') consoleText.value += event.text;
    else pixels.value = event.pixels;
  });
  running = call;
  try {
    await call.result;
  } catch (error) {
    if (latest !== mine) return;
    failure.value = error as RoomError;
    phase.value = 'failed';
  } finally {
    if (running === call) running = undefined;
  }
}

export const stopStory = (): void => running?.stop();
