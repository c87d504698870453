/** The device program on this machine as a board: the same console behind a {@link Connection}. */
import { createHostProgram, type HostProgramOptions } from '../firmware/index.ts';
import { type Connection, createListeners, createSignal } from '../serial/index.ts';

/** Works a token at a time, so that whatever else the thread does goes on meanwhile. */
export function hostConnection(options: Omit<HostProgramOptions, 'output'>, name = 'host'): Connection {
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  let isOpen = true;
  let scheduled = false;
  const program = createHostProgram({ ...options, output: (bytes) => data.emit(bytes) });
  const work = (): void => {
    scheduled = false;
    if (isOpen && program.step()) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(work);
  };
  return {
    name,
    hasLines: false,
    async write(bytes) {
      program.type(bytes);
      schedule();
    },
    onData: data.add,
    onClose: closed.add,
    setLines: async () => {},
    setBaud: async () => {},
    async close() {
      if (!isOpen) return;
      isOpen = false;
      closed.emit();
    },
  };
}
