/** A model over several boards: an image for each. */
import { defaultBoard } from '../../chip/boards/index.ts';
import { buildFirmware, type Firmware, type FirmwareOptions } from '../build.ts';
import { splitModel } from './split.ts';

/** How many boards a model may lie on. */
export const MOST_BOARDS = 3;

/** Images by board: the first has the console. All hold as many positions. @throws as {@link buildFirmware}, and {@link splitModel} */
export function buildChain(options: Omit<FirmwareOptions, 'draft'>, boards: number): Firmware[] {
  const { model, board = defaultBoard, grammar, grammarRoom, template } = options;
  const parts = splitModel(model, boards, options.context ?? model.config.context);
  const build = (part: number, context: number | undefined): Firmware =>
    buildFirmware({
      ...options,
      model: parts[part],
      context,
      asInt8: undefined,
      ...(part === 0
        ? { board, grammar, grammarRoom, template }
        : {
            board: { ...board, screen: undefined },
            grammar: undefined,
            grammarRoom: 0,
            template: undefined,
          }),
    });
  let images = parts.map((_, part) => build(part, options.context));
  for (;;) {
    const context = Math.min(...images.map((image) => image.context));
    if (images.every((image) => image.context === context)) return images;
    images = images.map((image, part) => (image.context === context ? image : build(part, context)));
  }
}
