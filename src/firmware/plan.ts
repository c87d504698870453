/** The memory plan: how long a context fits, what stays in SRAM, and where every byte lies. */
import { FailureError } from '../errors.ts';
import { windowOf } from '../quantize/index.ts';
import { busCyclesOf } from './costs.ts';
import { isMatrix, planLending } from './lending.ts';
import { isShortage, type Layout, placeAll, type Room } from './place.ts';
import { itemsOf, NO_PASSES, type Passes, type PlanRequest } from './plan-items.ts';
import { longest, roomsOf } from './plan-search.ts';
import { refusal } from './refusal.ts';

export type { PlanRequest } from './plan-items.ts';

export interface MemoryPlan extends Layout, Passes {
  context: number;
}

/** A story needs room: a plan with less is worth leaving SRAM for. */
const COMFORTABLE_CONTEXT = 256;
/** Lanes to try: what two cores compute in the time that weights take from octal PSRAM, and less. */
const LANES = [12, 8, 6, 4, 2];
/** Tokens that are guessed ahead at most, to try: further guesses are hardly ever right, and few need less memory. */
const DRAFTS = [7, 3];
/** Cycles on the bus for those of plain passes: what several positions need in PSRAM may leave weights to flash, and every token waits for these. */
const MOST_DEARER = 1.05;

/** Plans the memory, or refuses with a table (FailureError). */
export function planMemory(request: PlanRequest): MemoryPlan {
  const { room, ...plan } = planContext(request);
  const { laneBytes, config } = request.model;
  if (laneBytes === 0 || !streams(plan)) return { ...plan, ...NO_PASSES };
  const rewinds = windowOf(config, plan.context) === 0;
  const mostCycles = MOST_DEARER * busCyclesOf(plan.placed, room.costs);
  for (const passes of rewinds ? passesFor(request) : LANES_ONLY) {
    const result = placeAll(itemsOf(request, plan.context, passes), room);
    if (isShortage(result)) continue;
    if (passes.drafter || busCyclesOf(result.placed, room.costs) <= mostCycles) {
      const found = { ...result, context: plan.context, ...passes };
      return planLending(request, found, room) ?? found;
    }
  }
  return { ...plan, ...NO_PASSES };
}

/** {@link planMemory}; undefined where the board has no room. */
export function planIfFits(request: PlanRequest): MemoryPlan | undefined {
  try {
    return planMemory(request);
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

/** Prompts alone: what is left where the cache of a layer cannot go back, as older positions are written over. */
const LANES_ONLY = LANES.map((lanes): Passes => ({ lanes, drafts: 0, history: false }));

/** Passes of several positions to try, the best first. Keys are kept as they were in PSRAM alone: SRAM has better uses. */
function passesFor({ draft = 'text', board }: PlanRequest): Passes[] {
  const withDrafts = (passes: Passes): Passes[] =>
    [...new Set(DRAFTS.map((most) => Math.min(most, passes.lanes - 1)))].map((drafts) => ({
      ...passes,
      drafts,
    }));
  const guessing =
    draft === 'none' ? LANES_ONLY : LANES_ONLY.flatMap((passes) => [...withDrafts(passes), passes]);
  const asked =
    typeof draft === 'object'
      ? LANES_ONLY.map((passes) => ({ ...withDrafts(passes)[0], drafter: draft }))
      : [];
  const plain = [...asked, ...guessing];
  return board.psramBytes > 0 ? plain.flatMap((passes) => [{ ...passes, history: true }, passes]) : plain;
}

/** Whether a pass reads matrices from beyond SRAM. */
const streams = ({ placed }: Layout): boolean =>
  placed.some((item) => isMatrix(item) && item.region !== 'sram');

type Planned = Layout & { context: number; room: Room };

function planContext(request: PlanRequest): Planned {
  const rooms = roomsOf(request);
  const { context } = request;
  if (context !== undefined) {
    for (const room of rooms) {
      const result = placeAll(itemsOf(request, context), room);
      if (!isShortage(result)) return { ...result, context, room };
    }
    throw refusal(request, context);
  }
  const enough = Math.min(COMFORTABLE_CONTEXT, request.model.config.context);
  let best: Planned | undefined;
  for (const room of rooms) {
    const attempt = longest(request, room);
    if (!attempt || isShortage(attempt.result)) continue;
    if (!best || attempt.context > best.context) best = { ...attempt.result, context: attempt.context, room };
    if (best.context >= enough) return best;
  }
  if (best) return best;
  throw refusal(request, enough);
}
