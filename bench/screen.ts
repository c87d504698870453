/**
 * What the screen costs: tokens per second on the simulated LILYGO T-Camera S3 (predicted by the cycle model), with its screen,
 * with a build that knows no screen, and with the screen broken off. `tsx bench/screen.ts [checkpoint tokenizer]`.
 */
import { readFileSync } from 'node:fs';
import { type Board, findBoard } from '../src/chip/index.ts';
import { buildFirmware, simulate } from '../src/firmware/index.ts';
import { loadCheckpoint, loadTokenizer } from '../src/model/index.ts';
import { shippedPrograms } from '../src/node/device-programs.ts';
import { quantize } from '../src/quantize/index.ts';

const shared = (name: string): URL => new URL(`../../shared/models/${name}`, import.meta.url);
const [checkpoint = shared('stories260K.bin'), vocabulary = shared('tok512.bin')] = process.argv.slice(2);
const TOKENS = 200;

const model = loadCheckpoint(readFileSync(checkpoint));
const tokenizer = loadTokenizer(readFileSync(vocabulary), model.config.vocabulary);
const quantized = quantize(model);
const board = findBoard('t-camera-s3');
const dark: Board = { ...board, screen: undefined };

const build = (cores: 1 | 2, target: Board) =>
  buildFirmware({
    programs: shippedPrograms,
    model: quantized,
    tokenizer,
    board: target,
    cores,
    context: Math.min(256, model.config.context),
  });
const rate = (firmware: ReturnType<typeof build>): number =>
  simulate(firmware, { prompt: 'Once upon a time', temperature: 0, tokens: TOKENS }).tokensPerSecond.mean;

for (const cores of [2, 1] as const) {
  const without = rate(build(cores, dark));
  const lit = build(cores, board);
  const rows = [
    ['without a screen', without],
    ['with its screen', rate(lit)],
    ['screen broken off', rate({ ...lit, board: dark })],
  ] as const;
  for (const [name, perSecond] of rows) {
    const cost = (100 * (without - perSecond)) / without;
    console.log(
      `${cores} core(s), ${name.padEnd(18)} ${perSecond.toFixed(1).padStart(8)} tokens/s  cost ${cost.toFixed(2)} %`,
    );
  }
}
