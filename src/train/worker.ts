import { parentPort, workerData } from 'node:worker_threads';
import { Command } from './crew.ts';
import { joinRun, type ThreadTask } from './thread.ts';

/** Entry of a worker thread: follows the main thread's commands until it says exit. */
const { meeting, work } = joinRun(workerData as ThreadTask);
parentPort?.postMessage('ready');
try {
  for (;;) {
    meeting.wait();
    if (meeting.command() === Command.exit) break;
    work();
    meeting.wait();
  }
} catch (error) {
  meeting.fail();
  throw error;
}
