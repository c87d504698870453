/** What a board of a ring needs memory for, and numbers for, beside its part of the model. */
import type { Board } from '../../chip/boards/index.ts';
import { value } from '../../contract/index.ts';
import type { QuantizedModel } from '../../quantize/index.ts';
import { memoryItem } from '../memory.ts';
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

/** Of the items that a whole model's program has, those of a part's, and room for a frame. */
export function itemsOfPart({ part, config }: QuantizedModel, items: SystemItem[]): SystemItem[] {
  if (!part) return items;
  const frame = memoryItem('linkFrame', value.FRAME_BYTES + 4 * config.dim, { lifetime: 'late' });
  return [...(part.board === 0 ? items : items.filter(({ name }) => WITHOUT_CONSOLE.has(name))), frame];
}

/** Milliseconds that the first answer may take beside what the weights do. */
const LEAST_PATIENCE = 20;
/** And for each megabyte of them at 240 MHz: some times as long as the slowest memory and portable kernels need. */
const PATIENCE_PER_MEGABYTE = 1000;
/** Cycles of it must stay below 2^31. */
const MOST_PATIENCE = 8000;

export const linkNumbers = (
  { part }: QuantizedModel,
  { link }: Board,
  megahertz: number,
): Record<string, number> =>
  part
    ? {
        linkTx: link.tx,
        linkRx: link.rx,
        chainWord: part.word,
        linkPatience: Math.min(
          MOST_PATIENCE,
          Math.ceil(LEAST_PATIENCE + (PATIENCE_PER_MEGABYTE * part.bytes * 240) / megahertz / (1 << 20)),
        ),
      }
    : {};
