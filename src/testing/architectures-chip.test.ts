/** Architectures beside llama, of which architectures.test.ts says how near they are to the float model: one digest on all there is. */
import { describe } from 'vitest';
import { goldenModel } from '../model/testing.ts';
import { quantize } from '../quantize/index.ts';
import { ggufAllBiases, ggufQwen2 } from './gguf-models.ts';
import { itTellsTheSame } from './same-everywhere.ts';

const [neo, qwen2, fromGguf, biased] = [
  goldenModel('gpt-neo'),
  goldenModel('qwen2'),
  ggufQwen2(),
  ggufAllBiases(),
];

describe('gpt-neo', () => itTellsTheSame(quantize(neo), neo.tokenizer!, [2]));
describe('gpt-neo in int4', () =>
  itTellsTheSame(quantize(neo, { precision: 'int4' }), neo.tokenizer!, [], ['two cores']));
describe('qwen2', () => itTellsTheSame(quantize(qwen2), qwen2.tokenizer!, [], ['two cores']));
describe('gpt-neo in float32', () =>
  itTellsTheSame(quantize(neo, { precision: 'f32' }), neo.tokenizer!, [], ['two cores']));
describe('qwen2 in float32', () =>
  itTellsTheSame(
    quantize(qwen2, { precision: 'f32' }),
    qwen2.tokenizer!,
    [],
    ['one core, weights in flash'],
  ));
describe('a Qwen2 from a GGUF file, with its own text', () =>
  itTellsTheSame(quantize(fromGguf), fromGguf.tokenizer!, [1], ['portable kernels']));
describe('a llama with a bias on every matrix', () =>
  itTellsTheSame(quantize(biased), biased.tokenizer!, []));
