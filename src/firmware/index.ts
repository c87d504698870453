/** Puts it together: device program, kernels and model, a memory plan, a flash image; and runs it, simulated or on the host. */
export { checkPromptText, LINE_BYTES, type StoryOptions, storyLines } from '../contract/index.ts';
export { answerOnChip, type ChipAnswer } from './answer.ts';
export { asFastAs } from './as-fast-as.ts';
export { layersText, type ReadyFacts } from './banner.ts';
export { buildFirmware, type CodeRange, type Firmware, type FirmwareOptions } from './build.ts';
export { buildChain } from './chain/build.ts';
export { type ChainPrediction, predictChain } from './chain/predict.ts';
export { type RingOptions, simulateChain, simulateChainSteps } from './chain/simulate.ts';
export { buildWorthwhileChain, type Chain } from './chain/worthwhile.ts';
export { checkTokenizers } from './drafter.ts';
export type { EnergyEstimate } from './energy.ts';
export {
  type ExplainedFunction,
  type ExplainedInstruction,
  type ExplainedToken,
  explainTokenSteps,
  explainTokensSteps,
  readTogether,
} from './explain-token.ts';
export { type Fit, fitBoards } from './fit.ts';
export { createHostProgram, type HostProgram, type HostProgramOptions } from './host.ts';
export {
  type FlashMode,
  type Image,
  type ImageSegment,
  MAPPED_OFFSET,
  readImage,
  writeImage,
} from './image.ts';
export { createListing } from './listing.ts';
export { manifestFiles } from './manifest.ts';
export { kilobytes, type Purpose, type RegionName } from './memory.ts';
export type { MapEntry, MapRegion, MemoryMap } from './memory-map.ts';
export { type MemoryPlan, type PlanRequest, planMemory } from './plan.ts';
export type { Draft } from './plan-items.ts';
export type { MemoryTraffic, Prediction } from './predict.ts';
export { predictFirmware } from './predict-firmware.ts';
export type { ProfileRow } from './profile.ts';
export { checkStory } from './prompt.ts';
export { glyphs } from './screen/font.ts';
export { settlingScreen } from './screen/settle.ts';
export {
  createSession,
  type PinInput,
  type Session,
  type SessionOptions,
  type SessionSteps,
} from './session.ts';
export { predictShape, type Shape, type ShapeRow, shapes } from './shapes.ts';
export {
  type SimulateOptions,
  type Simulation,
  simulate,
  simulateSteps,
} from './simulate.ts';
export { digestBytes, digestTokens, formatDigest, type Status, toldTokens } from './status.ts';
export { type GrammarMemory, systemItems } from './system.ts';
export { type ToldStory, tellStory } from './told.ts';
export { VERSION } from './version.ts';
export { packVocabulary, vocabularyConstants, vocabularyDigest } from './vocabulary.ts';
