/** Builds images: the compiler and the planner, loaded when an image is not among the results made ahead. */
import type { Cache } from '../../src/cache.ts';
import { findBoard } from '../../src/chip/boards/index.ts';
import { deviceProgram } from '../../src/contract/index.ts';
import { buildFirmware, type Firmware } from '../../src/firmware/index.ts';
import { biasesOf, type OpenedModel } from '../../src/model/index.ts';
import { ownPrecision, quantize } from '../../src/quantize/index.ts';
import type { ImageChoice } from './protocol.ts';
import { programsOf } from './shipped.ts';

/** What an image needs before it can be built in one go. */
export async function prepare(
  { name, model, tokenizer }: OpenedModel,
  { board, precision, context }: ImageChoice,
  cache: Cache,
): Promise<() => Firmware> {
  const isBiased = biasesOf(model.config).length > 0;
  const programs = await programsOf(deviceProgram('main.chip', precision ?? ownPrecision(model), isBiased));
  return () =>
    buildFirmware({
      programs,
      cache,
      model: quantize(model, { precision }),
      tokenizer,
      modelName: name,
      board: findBoard(board),
      context: context && Math.min(context, model.config.context),
    });
}
