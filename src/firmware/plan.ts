/** The memory plan: how long a context fits, what stays in SRAM, and where every byte lies. */
import { isShortage, type Layout, placeAll } from './place.ts';
import { itemsOf, type PlanRequest } from './plan-items.ts';
import { longest, roomsOf } from './plan-search.ts';
import { refusal } from './refusal.ts';

export type { PlanRequest } from './plan-items.ts';

export interface MemoryPlan extends Layout {
  context: number;
}

/** A story needs room: a plan with less is worth leaving SRAM for. */
const COMFORTABLE_CONTEXT = 256;
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
