/**
 * `npx tsx bench/zeros.ts [--hidden N,...]`: what it is worth to a ReLU model in PSRAM that four of five hidden units are zero. Random weights
 * whose first component pushes the gates down, as far as it takes; predicted tokens a second on an N16R8 board, beside the same model pushed
 * up, of whose units none is zero, and beside the same numbers with nothing left out.
 */
import { parseArgs } from 'node:util';
import { findBoard } from '../src/chip/boards/index.ts';
import { buildFirmware, simulate } from '../src/firmware/index.ts';
import { loadTokenizer, type Model } from '../src/model/index.ts';
import { tokenizerBytes } from '../src/model/testing.ts';
import { PUSHED, pushedModel } from '../src/model/testing-relu.ts';
import { shippedPrograms as programs } from '../src/node/index.ts';
import { type QuantizedModel, quantize } from '../src/quantize/index.ts';
import { everywhere, packFixed } from '../src/quantize/pack.ts';
import { activeShare } from '../src/quantize/testing.ts';

const ACTIVE = 0.2;
const TOKENS = 24;

const { values } = parseArgs({ options: { hidden: { type: 'string', default: '512,1536' } } });

/** Share of the units that are not zero. */
const activeIn = (model: Model): number =>
  activeShare(
    quantize(model, { precision: 'int8' }),
    programs,
    Array.from({ length: TOKENS }, (_, position) => (7 * position + 3) % 512),
  );

/** Pushed down until no more than the share is active. */
function sparse(hidden: number): Model {
  let [low, high] = [0, 2];
  for (let step = 0; step < 9; step++) {
    const middle = (low + high) / 2;
    if (activeIn(pushedModel(hidden, -middle)) > ACTIVE) low = middle;
    else high = middle;
  }
  return pushedModel(hidden, -high);
}

const board = findBoard('devkitc-n16r8');
const tokenizer = loadTokenizer(tokenizerBytes(PUSHED.vocabulary), PUSHED.vocabulary);
const speed = (model: QuantizedModel): number => {
  const firmware = buildFirmware({
    programs,
    board,
    model,
    tokenizer,
    context: PUSHED.context,
    draft: 'none',
  });
  const { tokens, tokensPerSecond } = simulate(firmware, { temperature: 0.9, seed: 1, tokens: TOKENS });
  if (tokens.length !== TOKENS) throw new Error(`the story ended after ${tokens.length} tokens`);
  return tokensPerSecond.mean;
};

for (const hidden of values.hidden.split(',').map(Number)) {
  const [few, all] = [sparse(hidden), pushedModel(hidden, 2)];
  console.log(`hidden ${hidden}, ${(100 * (1 - activeIn(few))).toFixed(0)} % zeros:`);
  for (const precision of ['int8', 'int4'] as const) {
    const packed = (model: Model) => quantize(model, { precision, room: board.psramBytes });
    const formats = everywhere(precision);
    const [left, none, dense] = [
      packed(few),
      packed(all),
      packFixed(few, { precision, formats, zeros: 0 }),
    ].map(speed);
    console.log(
      `  ${precision}: ${left.toFixed(1)} tokens/s; ${none.toFixed(1)} with no zeros, ${(left / none).toFixed(2)} times; ${dense.toFixed(1)} with nothing left out, ${(left / dense).toFixed(2)} times`,
    );
  }
}
