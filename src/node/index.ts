/** What needs Node, as `esp32-llm/node`: files that ship with the package, folders to write, ports, simulated boards, the hub. */
export {
  createFlashSaver,
  createSimulatedBoard,
  encodeScreenshot,
  readFlashFile,
  type Served,
  type SimulatedBoard,
  type SimulatedBoardOptions,
  servePseudoTerminal,
  serveTcp,
  writeScreenshot,
} from '../board/index.ts';
export { type CatalogueEntry, catalogue, type Pulled, type PullOptions, pull } from '../hub/index.ts';
export { listPorts, type MonitorOptions, monitor, openConnection } from '../serial/node/index.ts';
export { type BoardTask, openThreadBoard } from './boards.ts';
export { createFileCache, type FileCacheOptions, userCache, userCacheFolder } from './cache.ts';
export { type IdfFolderOptions, shippedTemplates, writeIdfComponent } from './component.ts';
export { shippedPrograms, shippedTrainingKernels } from './device-programs.ts';
export {
  type CheckpointFile,
  findTokenizer,
  type OpenedModel,
  openCheckpoint,
  openModel,
  shippedModel,
  shippedNames,
} from './model.ts';
export { makeFolder } from './run-files.ts';
export { type ServedStudio, type StudioOptions, serveStudio } from './studio.ts';
export { type TrainFilesOptions, type TrainFilesResult, trainFiles, trainMachinery } from './train.ts';
