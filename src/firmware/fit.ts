/** Which boards a model fits, and how: for `inspect`. */
import { type Board, boards } from '../chip/boards/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError } from '../errors.ts';
import type { Model, Tokenizer } from '../model/index.ts';
import { type Precision, quantize } from '../quantize/index.ts';
import { type FirmwareOptions, programNeeds } from './build.ts';
import type { MemoryItem } from './memory.ts';
import { type PlanRequest, planMemory } from './plan.ts';

export interface Fit {
  board: string;
  precision: Precision;
  /** Positions that fit; 0 where the model does not fit at all. */
  context: number;
  /** Memories that hold weights, such as `sram` or `sram, flash`. */
  weights: string;
}

/**
 * Plans the model for every board of the table, in int8 and float32. The program is compiled once for each precision, for the board with
 * most of it (screen and PSRAM): what it needs beside SRAM0 is the same on all.
 */
export function fitBoards(model: Model, tokenizer: Tokenizer, programs: DevicePrograms): Fit[] {
  return (['int8', 'f32'] as const).flatMap((precision) => {
    const packed = quantize(model, { precision });
    const program = compiledNeeds({ model: packed, tokenizer, programs });
    return boards.map(
      (board): Fit => ({
        board: board.id,
        precision,
        ...planFor({ model: packed, tokenizer, board, program }),
      }),
    );
  });
}

/** Nothing where the model fits no board: then no plan is made either. */
function compiledNeeds(options: FirmwareOptions): readonly MemoryItem[] {
  const byProgram = boards.toSorted((a, b) => programRank(b) - programRank(a));
  for (const board of byProgram) {
    try {
      return programNeeds({ ...options, board });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
    }
  }
  return [];
}

const programRank = ({ screen, psramBytes }: Board): number => (screen ? 2 : 0) + (psramBytes > 0 ? 1 : 0);

function planFor(request: PlanRequest): Pick<Fit, 'context' | 'weights'> {
  try {
    const { context, placed } = planMemory(request);
    const regions = new Set(
      placed.filter(({ purpose }) => purpose === 'weights').map(({ region }) => region),
    );
    return { context, weights: [...regions].join(', ') };
  } catch (error) {
    if (error instanceof FailureError) return { context: 0, weights: '' };
    throw error;
  }
}
