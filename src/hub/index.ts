/** Public checkpoints from the Hugging Face hub, in its cache layout. */
export { type CatalogueEntry, catalogue, type RemoteFile } from './catalogue.ts';
export { findInCache, findPulled, type Pulled, type PullOptions, pull, pullFile } from './pull.ts';
export { isHubName, parseHubName, pullRepository } from './repository.ts';
