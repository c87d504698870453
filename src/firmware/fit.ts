/** Which boards a model fits, and how: for `inspect`. */
import { type Board, boards } from '../chip/boards/index.ts';
import { FailureError } from '../errors.ts';
import type { Model, Tokenizer } from '../model/index.ts';
import { type Precision, quantize } from '../quantize/index.ts';
import { planMemory } from './plan.ts';

export interface Fit {
  board: string;
  precision: Precision;
  /** Positions that fit; 0 where the model does not fit at all. */
  context: number;
  /** Memories that hold weights, such as `sram` or `sram, flash`. */
  weights: string;
}

/** Plans the model for every board of the table, in int8 and float32; room for code is not counted. */
export function fitBoards(model: Model, tokenizer: Tokenizer): Fit[] {
  return (['int8', 'f32'] as const).flatMap((precision) => {
    const packed = quantize(model, { precision });
    return boards.map((board): Fit => ({ board: board.id, precision, ...planFor(board, packed, tokenizer) }));
  });
}

function planFor(
  board: Board,
  model: ReturnType<typeof quantize>,
  tokenizer: Tokenizer,
): Pick<Fit, 'context' | 'weights'> {
  try {
    const { context, placed } = planMemory({ model, tokenizer, board, program: [] });
    const regions = new Set(
      placed.filter(({ purpose }) => purpose === 'weights').map(({ region }) => region),
    );
    return { context, weights: [...regions].join(', ') };
  } catch (error) {
    if (error instanceof FailureError) return { context: 0, weights: '' };
    throw error;
  }
}
