/**
 * `npx tsx bench/zeros.ts [--hidden N,...]`: what it is worth to a ReLU model in PSRAM that four of five hidden units are zero. Random weights
 * whose first component pushes the gates down, as far as it takes; predicted tokens a second on an N16R8 board, beside the same model pushed
 * up, of whose units none is zero, and beside the same numbers with nothing left out.
 */
import { parseArgs } from 'node:util';
import { findBoard } from '../src/chip/boards/index.ts';
import { buildFirmware, simulate } from '../src/firmware/index.ts';
import { loadTokenizer, MATRICES, type Model, matrixShape } from '../src/model/index.ts';
import { tokenizerBytes } from '../src/model/testing.ts';
import { shippedPrograms as programs } from '../src/node/index.ts';
import { createHostEngine, type QuantizedModel, quantize } from '../src/quantize/index.ts';
import { everywhere, packFixed } from '../src/quantize/pack.ts';

const ACTIVE = 0.2;
const TOKENS = 24;
const SHAPE = { dim: 192, layers: 6, heads: 12, kvHeads: 3, vocabulary: 512, context: 128 };

const { values } = parseArgs({ options: { hidden: { type: 'string', default: '512,1536' } } });

/** Gates get `push` from a component that all tokens have alike and no layer changes. */
function reluModel(hiddenDim: number, push: number): Model {
  const config = { ...SHAPE, hiddenDim, sharedClassifier: false, activation: 'relu' as const };
  let state = 1;
  const random = (elements: number, scale = 1 / 16): Float32Array =>
    Float32Array.from({ length: elements }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return scale * ((state >>> 8) / 2 ** 23 - 1);
    });
  /** Sets the first component of every row of a matrix. */
  const first = (rows: Float32Array, value: (row: number) => number): Float32Array => {
    for (let row = 0; row < rows.length / SHAPE.dim; row++) rows[row * SHAPE.dim] = value(row);
    return rows;
  };
  const ones = (): Float32Array => new Float32Array(SHAPE.dim).fill(1);
  const tokenEmbedding = first(random(SHAPE.vocabulary * SHAPE.dim), () => 0.5);
  const layers = Array.from({ length: SHAPE.layers }, () => {
    const sizes = MATRICES.map((name) => [name, matrixShape(config, name)] as const);
    const weights = Object.fromEntries(
      sizes.map(([name, [rows, columns]]) => [
        name,
        random(rows * columns, /^w[o2]$/.test(name) ? 1 / 96 : undefined),
      ]),
    ) as Record<(typeof MATRICES)[number], Float32Array>;
    first(weights.w1, () => push);
    weights.wo.fill(0, 0, SHAPE.dim);
    weights.w2.fill(0, 0, hiddenDim);
    return { ...weights, attentionNorm: ones(), ffnNorm: ones() };
  });
  // The first three pieces end a story or are unknown: they are unlikely.
  const classifier = first(random(SHAPE.vocabulary * SHAPE.dim), (row) => (row < 3 ? -3 : 0));
  return {
    config,
    format: 'random weights',
    weights: { tokenEmbedding, layers, finalNorm: ones(), classifier },
  };
}

/** Share of the units that are not zero. */
function activeIn(model: Model): number {
  let [active, all] = [0, 0];
  const engine = createHostEngine(quantize(model, { precision: 'int8' }), {
    programs,
    observer: (name, args, run) => {
      const result = run();
      if (name === 'relu_list') {
        active += new DataView(engine.memory.buffer).getInt32(args[2], true);
        all += args[3];
      }
      return result;
    },
  });
  for (let position = 0; position < TOKENS; position++) engine.forward((7 * position + 3) % 512, position);
  return active / all;
}

/** Pushed down until no more than the share is active. */
function sparse(hidden: number): Model {
  let [low, high] = [0, 2];
  for (let step = 0; step < 9; step++) {
    const middle = (low + high) / 2;
    if (activeIn(reluModel(hidden, -middle)) > ACTIVE) low = middle;
    else high = middle;
  }
  return reluModel(hidden, -high);
}

const board = findBoard('devkitc-n16r8');
const tokenizer = loadTokenizer(tokenizerBytes(SHAPE.vocabulary), SHAPE.vocabulary);
const speed = (model: QuantizedModel): number => {
  const firmware = buildFirmware({ programs, board, model, tokenizer, context: SHAPE.context });
  const { tokens, tokensPerSecond } = simulate(firmware, { temperature: 0.9, seed: 1, tokens: TOKENS });
  if (tokens.length !== TOKENS) throw new Error(`the story ended after ${tokens.length} tokens`);
  return tokensPerSecond.mean;
};

for (const hidden of values.hidden.split(',').map(Number)) {
  const [few, all] = [sparse(hidden), reluModel(hidden, 2)];
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
