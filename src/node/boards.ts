/** Boards that are programs of this machine, each in a thread of its own. */
import type { Board } from '../chip/boards/index.ts';
import { FailureError } from '../errors.ts';
import type { ChatTemplate, Model, TokenizerPieces } from '../model/index.ts';
import type { Precision } from '../quantize/index.ts';
import { type Connection, createListeners, createSignal } from '../serial/index.ts';
import { startWorker } from './worker.ts';

/** What a thread needs to be a board: plain data. */
export type BoardTask =
  | {
      kind: 'host';
      modelName: string;
      model: Model;
      pieces: TokenizerPieces;
      precision: Precision;
      /** Positions; default: the model's. */
      context?: number;
      /** Bytes for grammars that are sent. */
      grammarRoom?: number;
      template?: ChatTemplate;
    }
  | { kind: 'simulated'; board: Board; flash: Uint8Array };

/** Starts a board's thread; closing the connection ends it. @throws FailureError when it cannot start */
export function openThreadBoard(task: BoardTask, name: string): Promise<Connection> {
  const worker = startWorker('board-worker', task);
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  let why = '';
  worker.on('error', (error) => (why = error.message));
  worker.once('exit', () => closed.emit());
  worker.on('message', (bytes: Uint8Array | 'ready') => {
    if (typeof bytes !== 'string') data.emit(bytes);
  });
  const connection: Connection = {
    name,
    hasLines: false,
    write: async (bytes) => worker.postMessage(bytes),
    onData: data.add,
    onClose: closed.add,
    setLines: async () => {},
    setBaud: async () => {},
    async close() {
      await worker.terminate();
    },
  };
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(connection));
    worker.once('exit', () =>
      reject(new FailureError(`${name}: the thread ended${why === '' ? '' : `: ${why}`}`)),
    );
  });
}
