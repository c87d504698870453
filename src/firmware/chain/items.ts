/** What a board of a ring needs memory for, and numbers for, beside its part of the model. */
import type { Board } from '../../chip/boards/index.ts';
import { value } from '../../contract/index.ts';
import type { QuantizedModel } from '../../quantize/index.ts';
import { memoryItem, roundUp } from '../memory.ts';
import type { SystemItem } from '../system.ts';

/** What a board without a console has of the program's memory. */
const WITHOUT_CONSOLE = new Set([
  'stack0',
  'stack1',
  'panicFrames',
  'teamwork',
  'status',
  'output',
  'banner',
  'zeroRanges',
]);

/** What board 1 says where others do not answer; behind the first, what follows "Board 2" or the like, in the order of faults. */
const textsFor = ({ link: { rx } }: Board): string[] => [
  `The other boards do not answer: nothing comes in at GPIO${rx}. Look at the wires and at their power.`,
  ' gets damaged frames each time, or one behind it does. Look at the wires.',
  ' has an image of another build; flash the images of one build.',
  ' has started again and has lost the text so far; begin a new one.',
];

/** Components of the residual stream, and with per-layer embeddings the token, behind those that fill registers up. */
export const streamWordsOf = ({ dim, layerEmbeddings }: QuantizedModel['config']): number =>
  layerEmbeddings ? roundUp(dim, 16) + 1 : dim;

/** Of the items that a whole model's program has, those of a part's; room for a frame, and texts for who has a console. */
export function itemsOfPart(
  { part, config }: QuantizedModel,
  board: Board,
  items: SystemItem[],
): SystemItem[] {
  if (!part) return items;
  const frame = memoryItem('linkFrame', value.FRAME_BYTES + 4 * streamWordsOf(config), { lifetime: 'late' });
  if (part.board > 0) return [...items.filter(({ name }) => WITHOUT_CONSOLE.has(name)), frame];
  const contents = new TextEncoder().encode(
    textsFor(board)
      .map((text) => `${text}\0`)
      .join(''),
  );
  return [...items, frame, { ...memoryItem('chainTexts', contents.length), contents }];
}

/** Milliseconds that the first answer may take beside what the weights do. */
const LEAST_PATIENCE = 20;
/** And for each megabyte of them at 240 MHz: some times as long as the slowest memory and portable kernels need. */
const PATIENCE_PER_MEGABYTE = 1000;
/** Cycles of it must stay below 2^31. */
const MOST_PATIENCE = 8000;

export const linkNumbers = (
  { part, config }: QuantizedModel,
  { link }: Board,
  megahertz: number,
): Record<string, number> =>
  part
    ? {
        linkTx: link.tx,
        linkRx: link.rx,
        streamWords: streamWordsOf(config),
        chainWord: part.word,
        linkPatience: Math.min(
          MOST_PATIENCE,
          Math.ceil(LEAST_PATIENCE + (PATIENCE_PER_MEGABYTE * part.bytes * 240) / megahertz / (1 << 20)),
        ),
      }
    : {};
