/** Output of a simulated chip comes byte by byte; a terminal or a pipe takes it in bursts, which cost a fraction. */

export interface Bursts {
  write(bytes: Uint8Array): void;
  /** Now and then: writes what waits, if the last burst is long enough ago. */
  look(): void;
  flush(): void;
}

/** Milliseconds between bursts: too short for anybody to see. */
const PAUSE = 10;

export function inBursts(stream: { write(bytes: Uint8Array): unknown }): Bursts {
  let waiting: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  const bursts: Bursts = {
    write(bytes) {
      waiting.push(...bytes);
    },
    look() {
      if (waiting.length > 0 && performance.now() - last >= PAUSE) bursts.flush();
    },
    flush() {
      if (waiting.length > 0) stream.write(Uint8Array.from(waiting));
      waiting = [];
      last = performance.now();
    },
  };
  return bursts;
}
