/** Which formats of a model's matrices a board has room for, without reading any of them from slower memory. */
import { defaultBoard } from '../chip/boards/index.ts';
import { isMatrix, type Judge, type QuantizedModel } from '../quantize/index.ts';
import { buildWithNeeds, type FirmwareOptions } from './build.ts';
import { type MemoryPlan, planIfFits, planMemory } from './plan.ts';

/** From the fastest memory on. */
const REGIONS = ['sram', 'psram', 'flash'];

/** Number of the slowest memory that holds a matrix or part of the KV cache. */
const slowest = ({ placed }: MemoryPlan): number =>
  Math.max(
    ...placed
      .filter(({ name, purpose }) => isMatrix(name) || purpose === 'kv cache')
      .map(({ region }) => REGIONS.indexOf(region)),
  );

/** For an image with these options: models do whose matrices and KV cache lie in memory as fast as the slowest of `least`. */
export function asFastAs(options: Omit<FirmwareOptions, 'model'>): Judge {
  const { board = defaultBoard } = options;
  return (least, some) => {
    const { needs } = buildWithNeeds({ ...options, model: some });
    const requestFor = (model: QuantizedModel) => ({ ...options, board, model, program: needs });
    const limit = slowest(planMemory(requestFor(least)));
    return (model) => {
      const plan = planIfFits(requestFor(model));
      return plan !== undefined && slowest(plan) <= limit;
    };
  };
}
