/** `--precision`: what the matrices are made of. */
import { Option } from 'commander';
import type { Precision } from '../quantize/index.ts';

export const PRECISIONS = ['int8', 'int4', 'f32'] as const satisfies readonly Precision[];

export const precisionOption = (choices: readonly Precision[] = PRECISIONS): Option =>
  new Option('--precision <p>', 'weights and arithmetic').choices(choices).default('int8');
