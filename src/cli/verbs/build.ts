/** `build`: a bootable flash image. */
import { mkdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { explainWriting, writeOutput } from '../../files.ts';
import type { OpenedModel } from '../../node/index.ts';
import { formatBoards, formatWires } from '../boards-report.ts';
import {
  type BoardsOptions,
  type BuildOptions,
  boardsOption,
  buildBoardsFrom,
  buildFrom,
  firmwareOptions,
} from '../firmware-options.ts';
import { formatItems, formatMemory, formatPasses, formatTraffic } from '../memory-report.ts';
import { openNamed } from '../model-options.ts';
import { thousands } from '../table.ts';

interface Options extends BuildOptions, BoardsOptions {
  out?: string;
  manifest?: string;
  map?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  boardsOption(firmwareOptions(program.command('build')))
    .description('write a bootable flash image and print its memory map')
    .option('--out <file>', 'image for flash offset 0 (default: <model>-<board>.bin)')
    .option('--manifest <folder>', 'also write what ESP Web Tools needs to flash it from a web page')
    .option('--map', 'every item with its address, what a token moves, and the speed that follows')
    .option('--json', 'memory map as JSON on stdout')
    .addHelpText('after', '\nExample:\n  $ esp32-llm build --board heltec-v3 --out story.bin')
    .action(build);
}

async function build(options: Options): Promise<void> {
  const loaded = await openNamed(options);
  if (options.boards) return buildForBoards(loaded, options, Number(options.boards));
  const firmware = await buildFrom(loaded, options);
  const out = options.out ?? `${loaded.name}-${firmware.board.id}.bin`;
  writeOutput(out, firmware.flash);
  if (options.manifest) {
    const { manifestFiles } = await import('../../firmware/index.ts');
    const folder = options.manifest;
    explainWriting(folder, () => mkdirSync(folder, { recursive: true }));
    for (const [name, contents] of manifestFiles(loaded.name, firmware))
      writeOutput(join(folder, name), contents);
  }
  const { predictFirmware } = await import('../../firmware/index.ts');
  if (options.json) {
    const { flash, imageBytes, board, context, memoryMap, mapFingerprint } = firmware;
    const report = {
      out,
      bytes: flash.length,
      imageBytes,
      board: board.id,
      context,
      memoryMap,
      mapFingerprint,
      ...(options.map && { prediction: predictFirmware(firmware) }),
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${out}: ${thousands(firmware.flash.length)} bytes for ${firmware.board.name}, flash offset 0\n\n`,
  );
  process.stdout.write(`${formatMemory(firmware)}\n`);
  if (options.map)
    process.stdout.write(
      `\n${formatItems(firmware)}\n\n${formatTraffic(predictFirmware(firmware))}\n${formatPasses(firmware)}\n`,
    );
}

/** An image for each board: story.bin becomes story-1.bin, story-2.bin. */
async function buildForBoards(loaded: OpenedModel, options: Options, boards: number): Promise<void> {
  if (options.manifest)
    throw new UsageError('--manifest is for one image; give it without --boards, or flash the files by hand');
  const chain = await buildBoardsFrom(loaded, options, boards);
  const { images, prediction, alone } = chain;
  const { dir, name, ext } = parse(options.out ?? `${loaded.name}-${images[0].board.id}.bin`);
  const outs = images.map((image, index) => {
    const out = join(dir, `${name}-${index + 1}${ext}`);
    writeOutput(out, image.flash);
    return out;
  });
  if (options.json) {
    const { board, context } = images[0];
    const files = images.map(({ flash, imageBytes, memoryMap, mapFingerprint }, index) => ({
      ...{ out: outs[index], bytes: flash.length, imageBytes, memoryMap, mapFingerprint },
    }));
    const report = { board: board.id, context, boards: files, prediction, ...(alone && { alone }) };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  images.forEach((image, index) => {
    process.stdout.write(
      `${outs[index]}: ${thousands(image.flash.length)} bytes for board ${index + 1}, ${image.board.name}, flash offset 0\n`,
    );
  });
  process.stdout.write(`\n${formatBoards(chain)}\n\n${formatWires(images)}\n`);
  if (options.map)
    for (const image of images) process.stdout.write(`\n${formatMemory(image)}\n\n${formatItems(image)}\n`);
}
