/** How V8 is to compile the WebAssembly of a simulation: most of it runs once or a few times. */
import { setFlagsFromString } from 'node:v8';

/**
 * Bytes of a function that are executed before it is compiled again, optimised (V8's own number is 1.8 million): the code of a short story
 * takes longer to optimise than to run. To be called before anything is compiled; engines that have no such number leave it.
 */
const BYTES_BEFORE_OPTIMISING = 100_000_000;

export function preferQuickStart(): void {
  setFlagsFromString(`--wasm-tiering-budget=${BYTES_BEFORE_OPTIMISING}`);
}
