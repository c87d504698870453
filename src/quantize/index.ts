/** Float to int8, and what it costs in bits per byte; the device program's arithmetic on the host. */
export { type CalibrateOptions, calibrate } from './calibrate.ts';
export {
  configOf,
  createHostEngine,
  type HostEngine,
  type HostEngineOptions,
  type KernelObserver,
  placeInOrder,
  resolveBlob,
} from './host.ts';
export { type Int4Rounding, int4Rounding } from './int4-values.ts';
export { KNOWN_WORDS, knowsWords } from './known-words.ts';
export { shapeOf, windowOf } from './layout.ts';
export { type Judge, type MixedOptions, quantizeAuto, quantizeMixed, type RankOptions } from './mixed.ts';
export { isMatrix } from './pack.ts';
export { partOf } from './part.ts';
export { ownPrecision, quantize } from './quantize.ts';
export type {
  Blob,
  Calibration,
  KernelShape,
  Part,
  Precision,
  QuantizedModel,
  WorkingBuffer,
} from './types.ts';
