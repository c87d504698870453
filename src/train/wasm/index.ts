/** The trainer's operators over raw addresses of one shared memory; called from ../kernels.ts. */
export { attentionBackward, attentionForward, setAttentionScratch, valueSteps } from './attention';
export { distill } from './distill';
export { dropout } from './dropout';
export { gemm, setScratch } from './gemm';
export { crossEntropy, smoothLabels } from './loss';
export { adamw, addInto, muon, sumOfSquares } from './optimizer';
export { multiplyAddPeak } from './peak';
export {
  clamp,
  fakeQuantize,
  gatedBackward,
  gatedForward,
  gather,
  rmsnormBackward,
  rmsnormForward,
  rope,
  scatterAdd,
} from './pointwise';
