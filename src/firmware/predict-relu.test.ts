/** The predicted speed of ReLU models in PSRAM, whose zeros are left out: a fifth of the units is taken to be active, and is here. */
import { expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { loadTokenizer } from '../model/index.ts';
import { tokenizerBytes } from '../model/testing.ts';
import { PUSHED, pushedModel } from '../model/testing-relu.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { activeShare } from '../quantize/testing.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware } from './build.ts';
import { predictFirmware } from './predict-firmware.ts';
import { simulate } from './simulate.ts';

const TOKENS = 4;
const board = findBoard('devkitc-n16r8');
const tokenizer = loadTokenizer(tokenizerBytes(PUSHED.vocabulary), PUSHED.vocabulary);

it.each([
  ['int8', 0.068],
  ['int4', 0.07],
] as const)('is within 5 percent of the simulated one: %s', { timeout: 120_000 }, (precision, push) => {
  const model = quantize(pushedModel(512, -push), { precision, room: board.psramBytes });
  const { context } = PUSHED;
  const firmware = buildFirmware({ programs, board, model, tokenizer, context, draft: 'none', cache });
  const options = { prompt: '', temperature: 0.9, seed: 1n, tokens: TOKENS } as const;
  const { status, tokens } = simulate(firmware, options);
  expect(tokens).toHaveLength(TOKENS);
  const active = activeShare(model, programs, [tokenizer.special.start, ...tokens.slice(0, -1)]);
  expect(Math.abs(active - 0.2), `${active} of the units`).toBeLessThan(0.01);
  const { cyclesPerToken } = predictFirmware(firmware, TOKENS);
  const simulated = status.totalCycles / status.passes;
  expect(Math.abs(cyclesPerToken / simulated - 1), `${cyclesPerToken} and ${simulated}`).toBeLessThan(0.05);
});
