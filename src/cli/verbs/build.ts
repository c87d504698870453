/** `build`: a bootable flash image. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { explainWriting, writeOutput } from '../../files.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { formatItems, formatMemory, formatPasses, formatTraffic } from '../memory-report.ts';
import { openNamed } from '../model-options.ts';
import { thousands } from '../table.ts';

interface Options extends BuildOptions {
  out?: string;
  manifest?: string;
  map?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  firmwareOptions(program.command('build'))
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
