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
  const runs = runsOf(placed).sort((a, b) => a.bytes - b.bytes || a.names.length - b.names.length);
  return runs.find((run) => run.bytes >= bytes) ?? runs.at(-1);
}

/** All matrices in SRAM that lie one right behind the other, as many as one pleases. */
function runsOf(placed: readonly PlacedItem[]): Lent[] {
  const sram = placed.filter(({ region }) => region === 'sram').sort((a, b) => a.address - b.address);
  return sram.flatMap(({ address }, first) => {
    const runs: Lent[] = [];
    const names: string[] = [];
    let end = address;
    for (const item of sram.slice(first)) {
      if (!isMatrix(item) || item.address > roundUp(end, item.align)) break;
      names.push(item.name);
      end = item.address + item.bytes;
      runs.push({ names: [...names], bytes: end - address });
    }
    return runs;
  });
}

/** What the device program is told of lent matrices. */
export const lentNumbers = (
  { names, bytes }: Lent,
  addresses: ReadonlyMap<string, number>,
): Record<string, number> => ({
  lent: addresses.get(names[0])!,
  lentBytes: bytes,
  lentCount: names.length,
});

/** Where the words of the record are that lead to them: u32 each. */
export function lentWords(
  { blobs }: Pick<QuantizedModel, 'blobs'>,
  { names }: Lent,
  addresses: ReadonlyMap<string, number>,
): Uint8Array {
  const { references } = blobs.find(({ name }) => name === 'model')!;
  const offsetOf = (name: string): number => references.find(({ blob }) => blob === name)!.offset;
  const words = names.map((name) => addresses.get('model')! + offsetOf(name));
  return new Uint8Array(Uint32Array.from(words).buffer);
}
