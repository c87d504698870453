/** How long a context fits which memories. */
import { memoryCosts } from './costs.ts';
import { isShortage, type Layout, placeAll, type Room, type Shortage } from './place.ts';
import { itemsOf, type PlanRequest } from './plan-items.ts';

/** Flash that the image and a partition or two may take before the mapped weights. */
const IMAGE_RESERVE = 1 << 20;
const CONTEXT_STEP = 16;

const flashFor = ({ flashBytes }: PlanRequest['board']): number => Math.max(0, flashBytes - IMAGE_RESERVE);

const sramAlone = (board: PlanRequest['board']): Room => ({
  flashBytes: 0,
  psramBytes: 0,
  tableBytes: flashFor(board),
  costs: memoryCosts(board),
});

/** Memories to try: SRAM alone, which nothing else is as fast as, then all that the board has; tables lie in flash in both. */
export function roomsOf({ board, weights }: PlanRequest): Room[] {
  const flashBytes = flashFor(board);
  const costs = memoryCosts(board);
  const all: Room = {
    flashBytes,
    psramBytes: board.psramBytes,
    tableBytes: flashBytes,
    flashOnly: weights === 'flash',
    costs,
  };
  return weights === 'flash' ? [all] : [sramAlone(board), all];
}

type Attempt = { context: number; result: Layout | Shortage };

/** The longest context with which everything fits into `room`, by halving; undefined if none does. */
export function longest(request: PlanRequest, room: Room): Attempt | undefined {
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

/** The longest context with which SRAM alone holds everything; 0 if none does. */
export const longestInSram = (request: PlanRequest): number =>
  longest(request, sramAlone(request.board))?.context ?? 0;

/** The longest context that the board holds in any of its memories; 0 if none. */
export function longestContext(request: PlanRequest): number {
  return Math.max(0, ...roomsOf(request).map((room) => longest(request, room)?.context ?? 0));
}
