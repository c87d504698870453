/** What needs Node: files that ship with the package, folders to write. */
export { type IdfFolderOptions, writeIdfComponent } from './component.ts';
export { shippedPrograms, shippedTrainingKernels } from './device-programs.ts';
export { type TrainFilesOptions, type TrainFilesResult, trainFiles } from './train.ts';
