/** A model over several boards: an image for each. */
import { type Board, defaultBoard } from '../../chip/boards/index.ts';
import { UsageError } from '../../errors.ts';
import { buildFirmware, type Firmware, type FirmwareOptions } from '../build.ts';
import { splitModel } from './split.ts';

/**
 * Images by board: the first has the console. All hold as many positions.
 * @throws as `buildFirmware` and {@link splitModel}, and UsageError for a screen on the pins of the ring
 */
export function buildChain(options: Omit<FirmwareOptions, 'draft'>, boards: number): Firmware[] {
  const { model, board = defaultBoard } = options;
  checkPins(board);
  const parts = splitModel(model, boards, options.context ?? model.config.context);
  const plain = {
    board: { ...board, screen: undefined },
    grammar: undefined,
    grammarRoom: 0,
    template: undefined,
  };
  const build = (part: number, context: number | undefined): Firmware =>
    buildFirmware({ ...options, ...(part > 0 && plain), model: parts[part], context, asInt8: undefined });
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
