import { FailureError } from '../errors.ts';

/** Commands that the main thread gives to all threads at once. */
export const Command = { exit: 0, train: 1, loss: 2, refresh: 3, predict: 4 } as const;

const COMMAND = 0;
const GENERATION = 1;
const ARRIVED = 2;
const FAILED = 3;
const TAKEN = 4;

/** Where threads meet. Slots of an Int32Array over shared memory; see CONTROL_SLOTS. */
export interface Meeting {
  /** Waits until every thread is here. @throws FailureError when one of them has failed */
  wait(): void;
  /** The next item of a common list of `count`, or -1 when all are taken; every meeting starts a new list. */
  take(count: number): number;
  command(): number;
  setCommand(command: number): void;
  /** Tells the others that this thread cannot go on. */
  fail(): void;
}

export function createMeeting(control: Int32Array, threads: number): Meeting {
  return {
    wait() {
      const generation = Atomics.load(control, GENERATION);
      if (Atomics.add(control, ARRIVED, 1) + 1 === threads) {
        Atomics.store(control, ARRIVED, 0);
        Atomics.store(control, TAKEN, 0);
        Atomics.add(control, GENERATION, 1);
        Atomics.notify(control, GENERATION);
        return;
      }
      while (Atomics.load(control, GENERATION) === generation) {
        if (Atomics.load(control, FAILED)) throw new FailureError('train: a worker thread has failed.');
        Atomics.wait(control, GENERATION, generation, 1000);
      }
    },
    take(count) {
      const item = Atomics.add(control, TAKEN, 1);
      return item < count ? item : -1;
    },
    command: () => Atomics.load(control, COMMAND),
    setCommand: (command) => Atomics.store(control, COMMAND, command),
    fail: () => Atomics.store(control, FAILED, 1),
  };
}
