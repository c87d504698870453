/** The memory plan: how long a context fits, which weights stay in SRAM, and where every byte lies. */
import type { Board } from '../chip/soc/boards.ts';
import type { Tokenizer } from '../model/index.ts';
import type { QuantizedModel } from '../quantize/index.ts';
import type { MemoryItem } from './memory.ts';
import { isShortage, type Layout, placeAll, type Room, type Shortage } from './place.ts';
import { refusal } from './refusal.ts';
import { screenItems } from './screen/index.ts';
import { systemItems } from './system.ts';

export interface PlanRequest {
  model: QuantizedModel;
  tokenizer: Tokenizer;
  board: Board;
  /** Positions; without it the planner takes the longest that fits. */
  context?: number;
  /** `sram` as much as fits, or all of them in `flash`. */
  weights?: 'sram' | 'flash';
  /** Sections that the compiled program brings: data that already have their address, code beyond SRAM0. */
  program: readonly MemoryItem[];
  /** The same model as int8, where it is not: asked for only to say that it would fit. */
  asInt8?: () => QuantizedModel;
}

export interface MemoryPlan extends Layout {
  context: number;
}

/** Flash that the image and a partition or two may take before the mapped weights. */
const IMAGE_RESERVE = 1 << 20;
/** A story needs room: a plan with less is worth leaving SRAM for. */
const COMFORTABLE_CONTEXT = 256;
const CONTEXT_STEP = 16;

/** Everything that needs memory, for a context of so many positions. */
export function itemsOf({ model, tokenizer, program, board }: PlanRequest, context: number): MemoryItem[] {
  const weights = model.blobs.map(
    (blob): MemoryItem => ({
      name: blob.name,
      purpose: 'weights',
      bytes: blob.bytes.length,
      align: Math.max(blob.align, 16), // the vector unit drops the low bits of an address
      lifetime: 'loaded',
      memory: blob.memory,
      zero: false,
      heat: READ_SPARSELY.has(blob.name) ? 1 / model.config.vocabulary : 1,
    }),
  );
  const working = model.buffers(context).map(
    (buffer): MemoryItem => ({
      name: buffer.name,
      purpose: buffer.purpose,
      bytes: buffer.bytes,
      align: Math.max(buffer.align, 16),
      lifetime: 'late',
      memory: buffer.memory,
      zero: true,
      heat: 1,
    }),
  );
  return [
    ...program,
    ...weights,
    ...working,
    ...systemItems(model.config, tokenizer, context),
    ...screenItems(board.screen),
  ];
}

/** Tables of which a token reads one row. */
const READ_SPARSELY: ReadonlySet<string> = new Set(['embedding', 'embeddingUnits', 'rope']);

/** Memories to try, from the fastest. */
function roomsOf({ board, weights }: PlanRequest): Room[] {
  const flashBytes = Math.max(0, board.flashBytes - IMAGE_RESERVE);
  const external: Room[] = [{ flashBytes, psramBytes: 0, spareSram: weights === 'flash' }];
  if (board.psramBytes > 0) external.push({ ...external[0], psramBytes: board.psramBytes });
  return weights === 'flash' ? external : [{ flashBytes: 0, psramBytes: 0 }, ...external];
}

type Attempt = { context: number; result: Layout | Shortage };

/** The longest context with which everything fits into `room`, by halving; undefined if none does. */
function longest(request: PlanRequest, room: Room): Attempt | undefined {
  const limit = request.model.config.context;
  const fits = (context: number): Attempt | undefined => {
    const result = placeAll(itemsOf(request, context), room);
    return isShortage(result) ? undefined : { context, result };
  };
  const all = fits(limit);
  if (all) return all;
  let best: Attempt | undefined;
  let low = 1;
  let high = Math.floor((limit - 1) / CONTEXT_STEP);
  while (low <= high) {
    const middle = (low + high) >> 1;
    const attempt = fits(middle * CONTEXT_STEP);
    if (attempt) best = attempt;
    if (attempt) low = middle + 1;
    else high = middle - 1;
  }
  return best;
}

/** The longest context that the board holds in any of its memories; 0 if none. */
export function longestContext(request: PlanRequest): number {
  return Math.max(0, ...roomsOf(request).map((room) => longest(request, room)?.context ?? 0));
}

/** Plans the memory, or refuses with a table (FailureError). */
export function planMemory(request: PlanRequest): MemoryPlan {
  const rooms = roomsOf(request);
  const { context } = request;
  if (context !== undefined) {
    for (const room of rooms) {
      const result = placeAll(itemsOf(request, context), room);
      if (!isShortage(result)) return { ...result, context };
    }
    throw refusal(request, context);
  }
  const enough = Math.min(COMFORTABLE_CONTEXT, request.model.config.context);
  let best: MemoryPlan | undefined;
  for (const room of rooms) {
    const attempt = longest(request, room);
    if (!attempt || isShortage(attempt.result)) continue;
    if (!best || attempt.context > best.context) best = { ...attempt.result, context: attempt.context };
    if (best.context >= enough) return best;
  }
  if (best) return best;
  throw refusal(request, enough);
}
