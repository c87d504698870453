/** `--precision`: what the matrices are made of. */
import { Option } from 'commander';
import type { Precision } from '../quantize/index.ts';
import type { PrecisionName } from './quantized.ts';

export const PRECISIONS = ['int8', 'int4', 'f32'] as const satisfies readonly Precision[];

export const precisionOption = (
  choices: readonly PrecisionName[] = [...PRECISIONS, 'mixed', 'auto'],
): Option =>
  new Option(
    '--precision <p>',
    `weights and arithmetic; mixed: int8 for the matrices that lose most by int4, 5.5 bits a weight in all${choices.includes('auto') ? ', auto: for as many as go into the fastest memory that holds int4' : ''} (default: what the checkpoint's training ended with, mostly int8)`,
  ).choices(choices);
