/** The chip's own ROM in place of our stand-in: the cores start at its reset vector, everything else it does itself. */

import type { Core } from '../../core/index.ts';
import type { Rom } from './rom.ts';

/** Our stand-in's places do not exist in it: nothing here is ever asked for a panic or an end. */
export function createOwnRom(core: Core): Rom {
  return {
    boot() {
      core.reset();
      core.running = true;
    },
    panic() {},
    userCodeDone() {},
    isRunning: () => false,
  };
}
