/** Entry of the trainer's worker threads. */
import { parentPort, workerData } from 'node:worker_threads';
import { followRun, type ThreadTask } from '../train/index.ts';

followRun(workerData as ThreadTask, () => parentPort?.postMessage('ready'));
