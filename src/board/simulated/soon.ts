/** Node's setImmediate, and what a browser has in its place: a message to oneself, which waits for no timer. */

interface Immediates {
  setImmediate?(task: () => void): unknown;
  clearImmediate?(handle: unknown): void;
}

const tasks: (() => void)[] = [];
let channel: MessageChannel | undefined;

/** Runs a task once what has come from outside is handled; returns how to call it off. */
export function soon(task: () => void): () => void {
  const { setImmediate, clearImmediate } = globalThis as Immediates;
  if (setImmediate && clearImmediate) {
    const handle = setImmediate(task);
    return () => clearImmediate(handle);
  }
  let wanted = true;
  tasks.push(() => {
    if (wanted) task();
  });
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => tasks.shift()?.();
  }
  channel.port2.postMessage(0);
  return () => {
    wanted = false;
  };
}
