/** The device contract: what the program on the chip and its builder both believe, written once. */
export { type ActivationRow, activations, plainActivations } from './activations.ts';
export { faults, frame, frameKinds } from './chain.ts';
export { entries, mostWords, regions, weightsHeader, weightsMagic, weightsVersion } from './component.ts';
export { checkPromptText, LINE_BYTES, type StoryOptions, storyLines } from './console.ts';
export { type ConstantName, constants, value } from './constants.ts';
export { arithmetics, deviceProgram, type Format, formats } from './formats.ts';
export { grammarNote, grammarPin, grammarState, pinActions } from './grammar.ts';
export {
  type KernelName,
  type KernelRow,
  kernels,
  type Parameter,
  type ParameterOf,
} from './kernels.ts';
export { memoryBases } from './memory.ts';
export { numbers } from './numbers.ts';
export { type PartOf, records, type WordsOf } from './record.ts';
export {
  type SettingName,
  type SettingRow,
  type SettingValues,
  settingLines,
  settingNames,
  settings,
  storySettings,
} from './settings.ts';
export { type Arithmetic, type ShapeNumbers, type Sizes, sizes, sizesOf } from './sizes.ts';
export {
  activeList,
  attentionJob,
  digest,
  endings,
  layerRow,
  normed,
  panicFrame,
  phases,
  status,
  teamwork,
} from './status.ts';
export { type Fields, field, offsetOf, placeFields, type Structure, structureBytes } from './structure.ts';
export { buffers, scratch, scratchOffset } from './working.ts';
