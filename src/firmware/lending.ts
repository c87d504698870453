/**
 * A prompt's lanes in SRAM, in the place of matrices that stay there between prompts (device/transformer/lend.ts): what streams through the cache
 * would else leave no line of theirs.
 */
import type { QuantizedModel } from '../quantize/index.ts';
import { type MemoryItem, type PlacedItem, roundUp } from './memory.ts';
import { isShortage, type Layout, placeAll, type Room } from './place.ts';
import { itemsOf, type Lent, type Passes, type PlanRequest } from './plan-items.ts';

/** More read a prompt hardly any faster. */
const MOST_LANES = 24;
/** Plans to try. */
const ROUNDS = 4;
/** What no item begins at a multiple of less of. */
const UNIT = 16;

export const isMatrix = ({ name, purpose }: Pick<MemoryItem, 'name' | 'purpose'>): boolean =>
  purpose === 'weights' && MATRIX.test(name);
const MATRIX = /^layer\d+\.(qkv|out|gateUp|up|down)$/;

type Plan = Layout & Passes & { context: number };

/** The plan with lent matrices, of one whose lanes lie in PSRAM; undefined where no matrices have room for as many. */
export function planLending(
  request: PlanRequest,
  { placed, context, lanes, drafts, drafter, history }: Plan,
  room: Room,
): Plan | undefined {
  const { laneBytes } = request.model;
  if (drafter || placed.find(({ name }) => name === 'batch')?.region !== 'psram') return undefined;
  let lent = bestRun(placed, MOST_LANES * laneBytes);
  // What they need moves things: others may be in SRAM then.
  for (let round = 0; round < ROUNDS && lent && lent.bytes >= lanes * laneBytes; round++) {
    const most = Math.min(MOST_LANES, Math.floor(lent.bytes / laneBytes));
    const passes: Passes = { drafts, history, lanes: most, lent };
    const result = placeAll(itemsOf(request, context, passes), room);
    if (isShortage(result)) return undefined;
    const copy = result.placed.find(({ name }) => name === 'lentCopy')!;
    const found = bestRun(result.placed, most * laneBytes);
    const hasRoom = found && found.bytes <= lent.bytes && found.names.length <= lent.names.length;
    if (hasRoom && found.bytes >= most * laneBytes && copy.region === 'psram')
      return { ...result, context, ...passes, lent: found };
    lent = found;
  }
  return undefined;
}

/** The smallest run of matrices with so many bytes; where there is none, the largest. */
function bestRun(placed: readonly PlacedItem[], bytes: number): Lent | undefined {
  const runs = runsOf(placed)
    .map(lentOf)
    .sort((a, b) => a.bytes - b.bytes || a.names.length - b.names.length);
  return runs.find((run) => run.bytes >= bytes) ?? runs.at(-1);
}

const lentOf = (run: readonly PlacedItem[]): Lent => {
  const last = run[run.length - 1];
  return { names: run.map(({ name }) => name), bytes: last.address + last.bytes - run[0].address };
};

/** All matrices in SRAM that lie one right behind the other, as many as one pleases. */
function runsOf(placed: readonly PlacedItem[]): PlacedItem[][] {
  const sram = placed.filter(({ region }) => region === 'sram').sort((a, b) => a.address - b.address);
  return sram.flatMap((_, first) => {
    const runs: PlacedItem[][] = [];
    for (let end = first + 1; end <= sram.length; end++) {
      const [last, before] = [sram[end - 1], sram[end - 2]];
      if (!isMatrix(last)) break;
      if (end > first + 1 && last.address > roundUp(before.address + before.bytes, UNIT)) break;
      runs.push(sram.slice(first, end));
    }
    return runs;
  });
}

/** What the device program is told of lent matrices, and the list of the record's words that lead to them. */
export function lentNumbers(
  { blobs }: Pick<QuantizedModel, 'blobs'>,
  { names, bytes }: Lent,
  addresses: ReadonlyMap<string, number>,
): { numbers: Record<string, number>; words: Uint8Array } {
  const { references } = blobs.find(({ name }) => name === 'model')!;
  const words = names.map(
    (name) => addresses.get('model')! + references.find(({ blob }) => blob === name)!.offset,
  );
  return {
    numbers: { lent: addresses.get(names[0])!, lentBytes: bytes, lentCount: names.length },
    words: new Uint8Array(Uint32Array.from(words).buffer),
  };
}
