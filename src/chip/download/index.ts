/** The ROM's serial loader: what esptool and its relatives talk to in download mode. */
export { createLoader, type Loader, type LoaderHost } from './loader.ts';
