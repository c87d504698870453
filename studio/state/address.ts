/** The address bar: which part of the page, and the settings, so that a link tells the same story elsewhere. */
import { effect, signal } from '@preact/signals';
import { boards } from '../../src/chip/boards/index.ts';
import { settings } from '../../src/contract/index.ts';
import type { Precision } from '../../src/quantize/index.ts';
import type { ImageChoice, Question } from '../worker/protocol.ts';
import { FIRST_STORY } from './first-story.ts';

export const parts = ['story', 'models', 'inside', 'board', 'train', 'assembler'] as const;
export type Part = (typeof parts)[number];

export const part = signal<Part>('story');
export const board = signal<string>(FIRST_STORY.board);
const PRECISIONS: readonly Precision[] = ['int8', 'int4', 'f32'];
/** undefined: the model's own. */
export const precision = signal<Precision | undefined>(undefined);
/** Positions of the image; undefined: as many as the board holds. */
export const context = signal<number | undefined>(undefined);
export const prompt = signal<string>(FIRST_STORY.prompt);
export const temperature = signal<number>(FIRST_STORY.temperature);
export const topp = signal<number>(FIRST_STORY.topp);
export const penalty = signal<number>(FIRST_STORY.penalty);
export const seed = signal<number>(FIRST_STORY.seed);
/** Positions at most; undefined: as many as the image has. */
export const tokens = signal<number | undefined>(undefined);
/** What the link says that the model is; the page decides what to do about it. */
export const modelName = signal<string | undefined>(undefined);

/** The image that is built as things stand. */
export const imageChoice = (): ImageChoice => ({
  board: board.value,
  precision: precision.value,
  context: context.value,
});

/** What a board is asked for as things stand. */
export const question = (): Question => ({
  ...imageChoice(),
  prompt: prompt.value,
  temperature: temperature.value,
  topp: topp.value,
  penalty: penalty.value,
  seed: seed.value,
  tokens: tokens.value,
});

/** Most that a seed in a link may be: what JavaScript counts exactly. */
const MOST_SEED = Number.MAX_SAFE_INTEGER;

const MOST_POSITIONS = 65_536;

const within = (text: string | null, least: number, most: number): number | undefined => {
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return value >= least && value <= most ? value : undefined;
};

/** Takes what a hash such as `#story?board=...&prompt=...` says; what it leaves out stays, and nonsense is passed over. */
function readAddress(hash: string): void {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const found = parts.find((name) => name === path);
  if (found) part.value = found;
  const given = new URLSearchParams(query);
  const named = given.get('board');
  if (boards.some(({ id }) => id === named)) board.value = named!;
  const wanted = given.get('precision');
  precision.value = PRECISIONS.find((name) => name === wanted) ?? precision.value;
  prompt.value = given.get('prompt') ?? prompt.value;
  modelName.value = given.get('model') ?? modelName.value;
  temperature.value =
    within(given.get('temperature'), settings.temperature.least, settings.temperature.most) ??
    temperature.value;
  topp.value = within(given.get('topp'), settings.topp.least, settings.topp.most) ?? topp.value;
  penalty.value =
    within(given.get('penalty'), settings.penalty.least, settings.penalty.most) ?? penalty.value;
  seed.value = Math.floor(within(given.get('seed'), 0, MOST_SEED) ?? seed.value);
  const [positions, most] = ['context', 'tokens'].map((name) => within(given.get(name), 1, MOST_POSITIONS));
  if (positions !== undefined) context.value = Math.floor(positions);
  if (most !== undefined) tokens.value = Math.floor(most);
}

/** The hash that says all of it. */
function writeAddress(): string {
  const query = new URLSearchParams();
  if (modelName.value) query.set('model', modelName.value);
  query.set('board', board.value);
  if (precision.value) query.set('precision', precision.value);
  if (context.value !== undefined) query.set('context', String(context.value));
  query.set('prompt', prompt.value);
  query.set('temperature', String(temperature.value));
  query.set('topp', String(topp.value));
  query.set('penalty', String(penalty.value));
  query.set('seed', String(seed.value));
  if (tokens.value !== undefined) query.set('tokens', String(tokens.value));
  return `#${part.value}?${query}`;
}

/** Keeps both in step. A change of the part is a step back in the browser's history; other changes are not. */
export function followAddress(): void {
  readAddress(location.hash);
  let shown = part.value;
  effect(() => {
    const hash = writeAddress();
    if (hash === location.hash) return;
    if (part.value === shown) history.replaceState(null, '', hash);
    else history.pushState(null, '', hash);
    shown = part.value;
  });
  const read = (): void => {
    readAddress(location.hash);
    shown = part.value;
  };
  addEventListener('hashchange', read);
  addEventListener('popstate', read);
}
