/** Which formats of a model's matrices a board has room for, without reading any of them from slower memory. */
import { defaultBoard } from '../chip/boards/index.ts';
import { FailureError } from '../errors.ts';
import type { Judge } from '../quantize/index.ts';
import { buildWithNeeds, type FirmwareOptions } from './build.ts';
import { type MemoryPlan, planMemory } from './plan.ts';

/** From the fastest memory on. */
const REGIONS = ['sram', 'psram', 'flash'];
const MATRIX = /^(layer\d+\.(qkv|out|gateUp|down)|classifier)$/;

/** Number of the slowest memory that holds a matrix or part of the KV cache. */
const slowest = ({ placed }: MemoryPlan): number =>
  Math.max(
    ...placed
      .filter(({ name, purpose }) => MATRIX.test(name) || purpose === 'kv cache')
      .map(({ region }) => REGIONS.indexOf(region)),
  );

/** For an image with these options: models do whose matrices and KV cache lie in memory as fast as the slowest of `least`. */
export function asFastAs(options: Omit<FirmwareOptions, 'model'>): Judge {
  const { board = defaultBoard } = options;
  return (least, some) => {
    const { needs } = buildWithNeeds({ ...options, model: some });
    const plan = (model: typeof least): MemoryPlan =>
      planMemory({ ...options, board, model, program: needs });
    const limit = slowest(plan(least));
    return (model) => {
      try {
        return slowest(plan(model)) <= limit;
      } catch (error) {
        if (error instanceof FailureError) return false;
        throw error;
      }
    };
  };
}
