/** A model over several boards: an image for each. */
import { type Board, defaultBoard } from '../../chip/boards/index.ts';
import { UsageError } from '../../errors.ts';
import { buildWithNeeds, type Firmware, type FirmwareOptions } from '../build.ts';
import type { MemoryItem } from '../memory.ts';
import { splitModel } from './split.ts';

export interface ChainImages {
  /** By board; the first has the console. All hold as many positions. */
  images: Firmware[];
  /** What the program of the board with the console needs, as `buildWithNeeds` says it. */
  needs: readonly MemoryItem[];
}

/** @throws as `buildFirmware` and {@link splitModel}, and UsageError for a screen on the pins of the ring */
export function buildChain(options: Omit<FirmwareOptions, 'draft'>, boards: number): ChainImages {
  const { model, board = defaultBoard } = options;
  checkPins(board);
  const parts = splitModel(model, boards, options.context ?? model.config.context);
  const plain = {
    board: { ...board, screen: undefined },
    grammar: undefined,
    grammarRoom: 0,
    template: undefined,
  };
  /** Programs with a console need as much as each other, and so do those without. */
  const needs: [console: readonly MemoryItem[], others: readonly MemoryItem[]] = [[], []];
  const build = (part: number, context: number | undefined): Firmware => {
    const kind = part === 0 ? 0 : 1;
    const asked = { ...options, ...(kind === 1 && plain), model: parts[part], context, asInt8: undefined };
    const built = buildWithNeeds(asked, needs[kind]);
    needs[kind] = built.needs;
    return built.firmware;
  };
  let images = parts.map((_, part) => build(part, options.context));
  for (;;) {
    const context = Math.min(...images.map((image) => image.context));
    if (images.every((image) => image.context === context)) return { images, needs: needs[0] };
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
