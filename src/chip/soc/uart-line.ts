/** One direction of a UART: bytes that pass one after another, each in its time. */
import type { Alarm, Clock } from './clock.ts';

export interface UartLine {
  /** Sends a byte as soon as those before it have passed. @returns the tick at which it has passed */
  put(byte: number): number;
  /** Bytes not yet in the shift register: the one being sent no longer counts. */
  waiting(): number;
  /** Nothing is queued or on its way. */
  isEmpty(): boolean;
  clear(): void;
}

/**
 * @param byteTicks how long a byte takes at the rate of this moment
 * @param passed called at the moment at which a byte has passed completely
 */
export function createUartLine(
  clock: Clock,
  byteTicks: () => number,
  passed: (byte: number) => void,
): UartLine {
  const bytes: number[] = [];
  /** Moment at which each queued byte has passed. */
  const done: number[] = [];
  let free = 0;
  let alarm: Alarm | undefined;

  /** Keeps one alarm at the end of the first byte. */
  const watch = (): void => {
    if (alarm || done.length === 0) return;
    alarm = clock.at(done[0], () => {
      alarm = undefined;
      done.shift();
      passed(bytes.shift()!);
      watch();
    });
  };
  return {
    put(byte) {
      free = Math.max(free, clock.ticks) + byteTicks();
      bytes.push(byte);
      done.push(free);
      watch();
      return free;
    },
    waiting() {
      const now = clock.ticks;
      let count = 0;
      for (let i = done.length - 1; i > 0 && done[i - 1] > now; i--) count++;
      return count;
    },
    isEmpty: () => bytes.length === 0,
    clear() {
      alarm?.cancel();
      alarm = undefined;
      bytes.length = 0;
      done.length = 0;
      free = 0;
    },
  };
}
