/** A thread that is a board: the device program as WebAssembly, or a simulated board. Bytes go in and out as messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSimulatedBoard } from '../board/index.ts';
import { createTokenizer } from '../model/index.ts';
import { quantize } from '../quantize/index.ts';
import type { Connection } from '../serial/index.ts';
import { hostConnection } from '../serve/index.ts';
import type { BoardTask } from './boards.ts';
import { shippedPrograms } from './device-programs.ts';

const port = parentPort!;

function boardOf(task: BoardTask): Connection {
  if (task.kind === 'simulated')
    return createSimulatedBoard({ board: task.board, flash: task.flash }).connection;
  const { modelName, model, pieces, precision, context, grammarRoom, template } = task;
  return hostConnection({
    programs: shippedPrograms,
    model: quantize(model, { precision }),
    tokenizer: createTokenizer(pieces),
    modelName,
    context,
    grammarRoom,
    template,
  });
}

const connection = boardOf(workerData as BoardTask);
connection.onData((bytes) => port.postMessage(bytes));
port.on('message', (bytes: Uint8Array) => void connection.write(bytes));
port.postMessage('ready');
