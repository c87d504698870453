/** What every verb that builds firmware takes: board, precision, context and the switches of the ablation. */

import { type Command, Option } from 'commander';
import {
  type Board,
  boards,
  defaultBoard,
  FLASH_SIZES,
  findBoard,
  PSRAM_SIZES,
  withMemory,
  withScreen,
} from '../chip/boards/index.ts';
import { UsageError } from '../errors.ts';
import { readInput } from '../files.ts';
import type { Chain, Draft, Firmware, FirmwareOptions } from '../firmware/index.ts';
import type { ChatTemplate, Tokenizer } from '../model/index.ts';
import type { OpenedModel } from '../node/index.ts';
import { integer } from './arguments.ts';
import { showDownloads } from './download-progress.ts';
import { type ModelOptions, modelOptions } from './model-options.ts';
import { precisionOption } from './precision-option.ts';
import { calibrateOption, type QuantizedOptions, quantized } from './quantized.ts';

export interface BuildOptions extends ModelOptions, QuantizedOptions {
  board?: string;
  context?: number;
  cores: '1' | '2';
  pie: boolean;
  clock: '80' | '160' | '240';
  /** Where guesses of what follows come from: `text`, `none`, or a model's name. */
  draft?: string;
  /** File with a grammar. */
  grammar?: string;
  /** Kilobytes for grammars that are sent at run time. */
  grammarRoom?: number;
  /** Wiring of a screen; true: the one that the board has. */
  screen?: string | true;
  /** Megabytes. */
  flashSize?: string;
  psram?: 'octal' | 'quad' | 'none';
  psramSize?: string;
  /** MHz. */
  psramClock?: '40' | '80' | '120';
}

/** Adds the options that change a board's memory. */
export function memoryOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--flash-size <MB>', "flash, where it is not the board's").choices(FLASH_SIZES.map(String)),
    )
    .addOption(
      new Option('--psram <kind>', "PSRAM, where it is not the board's").choices(['octal', 'quad', 'none']),
    )
    .addOption(new Option('--psram-size <MB>', 'of PSRAM').choices(PSRAM_SIZES.octal.map(String)));
}

/** Adds model and firmware options to a verb. */
export function firmwareOptions(command: Command): Command {
  return calibrateOption(memoryOptions(modelOptions(command)))
    .addOption(new Option('--board <name>', 'what to build for').choices(boards.map(({ id }) => id)))
    .addOption(precisionOption())
    .option('--context <n>', 'positions (default: as many as fit)', integer(1, 65536))
    .option('--grammar <file>', 'say only what it allows: a JSON Schema, GBNF, or a JSON list of answers')
    .option(
      '--draft <how>',
      'where weights do not fit SRAM, guess tokens ahead and check several in one pass; the story stays the same: text (from what it has said so far), none, or a small model with the same tokenizer, as --model takes it',
      'text',
    )
    .option(
      '--grammar-room <KB>',
      'memory for grammars that programs send, as serve does (default: none; of boards that serve starts: some)',
      integer(1, 8192),
    )
    .addOption(new Option('--cores <n>', 'cores that compute').choices(['1', '2']).default('2'))
    .option('--no-pie', 'portable code instead of the vector kernels')
    .option(
      '--screen [wiring]',
      'a screen that the board does not bring itself, as ssd1306:sda=8,scl=9; none: leave it dark',
    )
    .addOption(new Option('--clock <MHz>', 'CPU clock').choices(['80', '160', '240']).default('240'))
    .addOption(
      new Option(
        '--psram-clock <MHz>',
        'bus clock that PSRAM is tried at (default: 80; octal at 120 is an experiment of Espressif; 120 untried here)',
      ).choices(['40', '80', '120']),
    );
}

/** The board that is meant, with its screen. */
export function boardFrom({
  board,
  screen,
  flashSize,
  psram,
  psramSize,
  psramClock,
}: Pick<BuildOptions, 'board' | 'screen' | 'flashSize' | 'psram' | 'psramSize' | 'psramClock'>): Board {
  const megabytes = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const found = withMemory(board === undefined ? defaultBoard : findBoard(board), {
    flashSize: megabytes(flashSize),
    psram,
    psramSize: megabytes(psramSize),
    psramClock: psramClock && (Number(psramClock) as 40 | 80 | 120),
  });
  const wired = typeof screen === 'string' ? withScreen(found, screen) : found;
  if (screen === true && !wired.screen)
    throw new UsageError(
      `${found.name} has no screen; say how yours is wired, as in --screen ssd1306:sda=8,scl=9, or take --board ${boards.find((other) => other.screen)?.id}`,
    );
  return wired;
}

export interface BoardsOptions {
  boards?: '2' | '3';
}

/** Adds `--boards`. */
export const boardsOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--boards <n>',
      'share the layers of a model that is too large for one board out to several, wired in a ring (docs/how-to/several-boards.md)',
    ).choices(['2', '3']),
  );

/** Builds the image that the options ask for. */
export async function buildFrom(opened: OpenedModel, options: BuildOptions): Promise<Firmware> {
  const { buildFirmware } = await import('../firmware/index.ts');
  return buildFirmware(await firmwareFrom(opened, options));
}

/** Builds the images for so many boards. @throws FailureError where one board would be as fast, UsageError for a model that is to guess */
export async function buildBoardsFrom(
  opened: OpenedModel,
  options: BuildOptions,
  boards: number,
): Promise<Chain> {
  if (options.draft !== undefined && !['text', 'none'].includes(options.draft))
    throw new UsageError(
      '--draft names a model, and boards in a ring do not guess; leave out --draft or --boards',
    );
  const { buildWorthwhileChain } = await import('../firmware/index.ts');
  return buildWorthwhileChain(await firmwareFrom(opened, options), boards);
}

/** What the options ask for. */
async function firmwareFrom(opened: OpenedModel, options: BuildOptions): Promise<FirmwareOptions> {
  const { name, model, tokenizer } = opened;
  const [{ asFastAs }, { shippedPrograms, userCache }, { quantize }] = await Promise.all([
    import('../firmware/index.ts'),
    import('../node/index.ts'),
    import('../quantize/index.ts'),
  ]);
  const board = boardFrom(options);
  const settings: Omit<FirmwareOptions, 'model'> = {
    programs: shippedPrograms,
    cache: userCache(),
    tokenizer,
    modelName: name,
    board,
    context: options.context,
    draft: await draftFrom(options, opened),
    grammar: (await grammarFrom(options, tokenizer)) ?? model.grammar,
    grammarRoom: (options.grammarRoom ?? 0) * 1024,
    template: templateOf(opened),
    cores: Number(options.cores) as 1 | 2,
    pie: options.pie,
    clock: Number(options.clock) as 80 | 160 | 240,
    asInt8: options.precision === 'f32' ? () => quantize(model, { precision: 'int8' }) : undefined,
  };
  const room = board.psramBytes || undefined;
  return {
    ...settings,
    model: await quantized(opened, { ...options, room, judge: asFastAs(settings) }),
  };
}

/** How conversations are written; says why not as the model's file has it. */
export function templateOf({ name, model }: OpenedModel): ChatTemplate | undefined {
  if (model.templateRefused !== undefined)
    process.stderr.write(
      `${name}: ${model.templateRefused}; without one, each prompt is a text of its own (--template)\n`,
    );
  return model.template;
}

/** Where guesses come from. @throws UsageError for a model with another tokenizer */
async function draftFrom({ draft }: BuildOptions, { tokenizer }: OpenedModel): Promise<Draft | undefined> {
  if (draft === undefined || draft === 'text' || draft === 'none') return draft;
  const [{ checkTokenizers }, { openModel }, { quantize }] = await Promise.all([
    import('../firmware/index.ts'),
    import('../node/index.ts'),
    import('../quantize/index.ts'),
  ]);
  const small = await openModel(draft, undefined, showDownloads);
  checkTokenizers(small.tokenizer, tokenizer);
  // Memory that it takes is missing to the large model; a worse guess costs less.
  return quantize(small.model, { room: 0 });
}

/** The packed grammar of `--grammar`; says what of it was cut. */
export async function grammarFrom(
  { grammar }: Pick<BuildOptions, 'grammar'>,
  tokenizer: Tokenizer,
): Promise<Uint8Array | undefined> {
  if (grammar === undefined) return undefined;
  const { compileGrammar } = await import('../grammar/index.ts');
  const text = new TextDecoder().decode(readInput(grammar, 'the grammar'));
  const { packed, cut } = compileGrammar(text, tokenizer, { name: grammar });
  if (cut.length > 0) {
    process.stderr.write(
      `warning: ${grammar}: ${cut.join(', ')} can stand within itself without end; followed 3 levels deep\n`,
    );
  }
  return packed;
}
