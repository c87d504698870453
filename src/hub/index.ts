/** Public checkpoints from the Hugging Face hub, in its cache layout. */
export { type CatalogueEntry, catalogue, type RemoteFile } from './catalogue.ts';
export { isHubName, parseHubName } from './names.ts';
export { findInCache, findPulled, type Pulled, type PullOptions, pull, pullFile } from './pull.ts';
export { pullRepository } from './repository.ts';
