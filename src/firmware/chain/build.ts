/** A model over several boards: an image for each. */
import { type Board, defaultBoard } from '../../chip/boards/index.ts';
import { UsageError } from '../../errors.ts';
import { buildFirmware, type Firmware, type FirmwareOptions } from '../build.ts';
import { splitModel } from './split.ts';

/** How many boards a model may lie on. */
export const MOST_BOARDS = 3;

/** Images by board: the first has the console. All hold as many positions. @throws as {@link buildFirmware}, and {@link splitModel} */
export function buildChain(options: Omit<FirmwareOptions, 'draft'>, boards: number): Firmware[] {
  const { model, board = defaultBoard, grammar, grammarRoom, template } = options;
  checkPins(board);
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

/** @throws UsageError where a screen is wired to the pins of the ring */
function checkPins({ link: { tx, rx }, screen }: Board): void {
  const taken = [screen?.sda, screen?.scl, screen?.reset, screen?.power?.pin].find(
    (pin) => pin === tx || pin === rx,
  );
  if (taken !== undefined)
    throw new UsageError(
      `GPIO${taken} leads to another board of the model (GPIO${tx} out, GPIO${rx} in); wire the screen to other pins`,
    );
}
