/** The hand-written kernels for the chip's vector unit, each beside its portable twin's name. */
import { formats, type KernelRow, kernels as table } from '../contract/index.ts';
import type { KernelShape } from '../quantize/index.ts';
import { createAssembler, type ObjectCode } from '../xtensa/index.ts';
import { addColumns, matvecActive, readColumns, reluList } from './active.ts';
import { attention } from './attention.ts';
import { exponentials, gatherAbove } from './candidates.ts';
import { gelu } from './gelu.ts';
import type { Kernel } from './kernel.ts';
import { findS32, largestS32, logitsS32 } from './logits.ts';
import { matvecDim, matvecHidden } from './matvec.ts';
import { matvecF32 } from './matvec-f32.ts';
import { matvec4Dim, matvec4Hidden } from './matvec4.ts';
import { matvec5Dim, matvec5Hidden } from './matvec5.ts';
import { massFrom, pick, topCount, topMass } from './nucleus.ts';
import { normalize, quantizeBounded, quantizeWide } from './quantize.ts';
import { reglu } from './reglu.ts';
import { rope } from './rope.ts';
import { swiglu } from './swiglu.ts';
import {
  addResidual,
  addRow,
  biasRows,
  largestS16,
  quantizeBy,
  quantizeRows,
  rescaleKeys,
  setRow,
} from './vector.ts';

export type { Kernel } from './kernel.ts';

export const kernels: readonly Kernel[] = [
  matvecDim,
  matvecHidden,
  matvec4Dim,
  matvec4Hidden,
  matvec5Dim,
  matvec5Hidden,
  normalize,
  quantizeBounded,
  quantizeWide,
  largestS16,
  quantizeBy,
  quantizeRows,
  rescaleKeys,
  addResidual,
  addRow,
  setRow,
  biasRows,
  rope,
  attention,
  swiglu,
  reglu,
  gelu,
  reluList,
  matvecActive,
  addColumns,
  readColumns,
  logitsS32,
  largestS32,
  findS32,
  gatherAbove,
  exponentials,
  massFrom,
  topMass,
  topCount,
  pick,
  matvecF32,
];

/** All kernels for a model's shape and its matrices' arithmetic, as code that the firmware links: symbols of the kernels' names. */
export function buildKernels(shape: KernelShape): ObjectCode[] {
  const { arithmetic } = formats[shape.precision];
  const wanted = kernels.filter((kernel) => kernel.arithmetic === arithmetic);
  return wanted.map(({ build }) => {
    const asm = createAssembler();
    build(asm, shape);
    return asm.finish();
  });
}

/** What each kernel leaves changed, by its name as an import of the device program. */
export const kernelClobbers: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries<KernelRow>(table).map(([name, { clobbers }]) => [`kernel.${name}`, clobbers]),
);
