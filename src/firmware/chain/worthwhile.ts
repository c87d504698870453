/** A model over several boards where no board alone is as fast; where one is, the refusal that says so. */
import { FailureError } from '../../errors.ts';
import { buildFirmware, type Firmware, type FirmwareOptions } from '../build.ts';
import type { Prediction } from '../predict.ts';
import { predictFirmware } from '../predict-firmware.ts';
import { buildChain } from './build.ts';
import { type ChainPrediction, predictChain } from './predict.ts';

export interface Chain {
  /** By board; the first has the console. */
  images: Firmware[];
  prediction: ChainPrediction;
  /** Of one board, if it holds the model: it is slower. */
  alone?: Prediction;
}

/**
 * Images for `boards` boards.
 * @throws FailureError where one such board is predicted to be at least as fast, and by how much; else as `buildChain`
 */
export function buildWorthwhileChain(options: FirmwareOptions, boards: number): Chain {
  const images = buildChain(options, boards);
  const prediction = predictChain(images);
  const single = aloneIfFits(options);
  const alone = single && predictFirmware(single);
  if (alone && alone.tokensPerSecond >= prediction.tokensPerSecond)
    throw new FailureError(refusal(images[0].board.name, boards, alone, prediction));
  return { images, prediction, ...(alone && { alone }) };
}

function aloneIfFits(options: FirmwareOptions): Firmware | undefined {
  try {
    return buildFirmware({ ...options, asInt8: undefined });
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}

const rounded = (tokensPerSecond: number): string => tokensPerSecond.toFixed(tokensPerSecond < 100 ? 1 : 0);

function refusal(board: string, boards: number, alone: Prediction, together: ChainPrediction): string {
  const times = (alone.tokensPerSecond / together.tokensPerSecond).toFixed(1);
  return `one ${board} holds this model and is predicted to tell ${rounded(alone.tokensPerSecond)} tokens/s, ${times} times the ${rounded(together.tokensPerSecond)} that ${boards} boards would: leave --boards out.`;
}
