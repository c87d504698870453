/** Which boards a model fits, and how: for `inspect`. */
import type { Cache } from '../cache.ts';
import { type Board, boards } from '../chip/boards/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError } from '../errors.ts';
import type { Model, Tokenizer } from '../model/index.ts';
import { type Precision, quantize } from '../quantize/index.ts';
import { buildWithNeeds, type FirmwareOptions } from './build.ts';
import type { RegionName } from './memory.ts';
import { type MemoryPlan, type PlanRequest, planIfFits } from './plan.ts';
import { longestInSram } from './plan-search.ts';
import { type Prediction, predict } from './predict.ts';
import { coreCyclesOf } from './predict-firmware.ts';

export interface Fit {
  board: string;
  precision: Precision;
  /** Positions that fit; 0 where the model does not fit at all. */
  context: number;
  /** Memories that hold weights, such as `sram` or `sram, flash`. */
  weights: string;
  /** Tokens that are guessed ahead at most, to be checked in one pass; 0: none, which gains nothing where weights lie in SRAM. */
  drafts: number;
  /** Bytes by region of memory, where it fits. */
  memory: Partial<Record<RegionName, number>>;
  /** How fast a story of the usual length is told, for a board that it fits. */
  prediction?: Prediction;
  /** With fewer positions everything lies in SRAM, which is faster: where there are enough of them for a story. */
  shorter?: { context: number; prediction: Prediction };
}

/** Positions below which a story is hardly one. */
const SHORT_STORY = 64;

/**
 * Plans the model for every board of the table, in every precision that the chip computes it in. The program is compiled once for each precision, for the board with
 * most of it (screen and PSRAM): what it needs beside SRAM0 is the same on all.
 */
export function fitBoards(
  model: Model,
  tokenizer: Tokenizer,
  programs: DevicePrograms,
  cache?: Cache,
): Fit[] {
  return (['int8', 'int4', 'f32'] as const).flatMap((precision) => {
    const packed = quantize(model, { precision });
    const options = { model: packed, tokenizer, programs, cache };
    const built = buildForSome(options);
    const program = built?.needs ?? [];
    // What the cores take alone is the same wherever things lie: one image says it for all.
    const coreCycles = built && coreCyclesOf(built.firmware);
    const predictionOf = ({ placed, context }: MemoryPlan, board: Board): Prediction | undefined =>
      coreCycles && predict({ placed, board, context, clock: 240, cores: 2, pie: true, coreCycles });
    return boards.map((board): Fit => {
      const request = { model: packed, tokenizer, board, program };
      const plan = planIfFits(request);
      const prediction = plan && predictionOf(plan, board);
      const inSram = plan && prediction && shorterPlan(request, plan);
      const faster = inSram && predictionOf(inSram, board);
      return {
        board: board.id,
        precision,
        context: plan?.context ?? 0,
        weights: plan ? regionsOfWeights(plan) : '',
        drafts: plan?.drafts ?? 0,
        memory: plan ? bytesByRegion(plan) : {},
        prediction,
        ...(faster && faster.tokensPerSecond > prediction.tokensPerSecond
          ? { shorter: { context: inSram.context, prediction: faster } }
          : {}),
      };
    });
  });
}

/** Nothing where the model fits no board: then no plan is made either. */
function buildForSome(options: FirmwareOptions): ReturnType<typeof buildWithNeeds> | undefined {
  const byProgram = boards.toSorted((a, b) => programRank(b) - programRank(a));
  for (const board of byProgram) {
    try {
      return buildWithNeeds({ ...options, board });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
    }
  }
  return undefined;
}

const programRank = ({ screen, psramBytes }: Board): number => (screen ? 2 : 0) + (psramBytes > 0 ? 1 : 0);

/** With what fits SRAM alone, where that is shorter and still a story. */
function shorterPlan(request: PlanRequest, { context, placed }: MemoryPlan): MemoryPlan | undefined {
  const isInSram = placed.every(({ purpose, region }) => region === 'sram' || purpose === 'tables');
  if (context <= SHORT_STORY || isInSram) return undefined;
  const most = longestInSram(request);
  return most >= SHORT_STORY && most < context ? planIfFits({ ...request, context: most }) : undefined;
}

const regionsOfWeights = ({ placed }: MemoryPlan): string =>
  [...new Set(placed.filter(({ purpose }) => purpose === 'weights').map(({ region }) => region))].join(', ');

function bytesByRegion({ placed }: MemoryPlan): Fit['memory'] {
  const memory: Fit['memory'] = {};
  for (const { region, bytes } of placed) memory[region] = (memory[region] ?? 0) + bytes;
  return memory;
}
