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
    `weights and arithmetic; mixed: 4, 5 or 8 bits for each matrix, by what it loses, 5.5 in all${choices.includes('auto') ? '; auto: as many as go into the fastest memory that holds int4' : ''} (default: what the checkpoint's training ended with, mostly int8)`,
  ).choices(choices);
