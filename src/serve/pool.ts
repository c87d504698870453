/**
 * Boards behind one door: each request goes to the next board that is free. Stories are deterministic, so one that breaks off
 * because its board is gone is told again by another, with the same seed, and goes on where the first had come to.
 */
import { FailureError } from '../errors.ts';
import { type Rollout, type RolloutOptions, rollOut, type Story } from '../serial/index.ts';
import { type BoardSource, type BoardStatus, createPooledBoard, type PooledBoard } from './board.ts';
import { createCanaries } from './canaries.ts';
import { LostBoardError, NoBoardError } from './errors.ts';
import { createPace, modelsOf } from './estimates.ts';
import type { OnToken, TellRequest } from './request.ts';
import { createTelling, type Telling } from './telling.ts';

export interface PoolOptions {
  /** Requests that may wait. */
  queueLimit?: number;
  /** How often a story is begun anew before the request fails. */
  attempts?: number;
  silence?: number;
  retry?: number;
  /** Told when a story had to be told again. */
  onRetold?: (why: string) => void;
}

export interface PoolStatus {
  boards: BoardStatus[];
  /** Requests that wait. */
  waiting: number;
  queueLimit: number;
}

export interface Pool {
  readonly status: PoolStatus;
  /** Names of the models that boards have told of, most boards first. */
  models(): string[];
  /** Asks a board. `signal` gives up: what waits leaves the queue, what is told is stopped. */
  tell(request: TellRequest, onToken: OnToken, signal?: AbortSignal): Promise<Story>;
  close(): Promise<void>;
}

/** A pool of boards that this machine reaches. */
export interface LocalPool extends Pool {
  /** Adds a board that was plugged in. */
  add(source: BoardSource): void;
  /** Gives a new image to the boards that can be flashed, one after the other, while the others serve. */
  renew(options: RolloutOptions): Promise<Rollout>;
}

interface Job {
  request: TellRequest;
  telling: Telling;
  signal?: AbortSignal;
  attempts: number;
  resolve: (story: Story) => void;
  reject: (error: unknown) => void;
}

const QUEUE_LIMIT = 64;
const ATTEMPTS = 3;

export function createPool(sources: readonly BoardSource[], options: PoolOptions = {}): LocalPool {
  const { queueLimit = QUEUE_LIMIT, attempts = ATTEMPTS, onRetold } = options;
  const boards: PooledBoard[] = [];
  const sourceOf = new Map<PooledBoard, BoardSource>();
  const queue: Job[] = [];
  const { judge } = createCanaries();
  const pace = createPace();
  let closed = false;

  const add = (source: BoardSource): void => {
    const board = createPooledBoard(source, {
      onChange: dispatch,
      judge,
      silence: options.silence,
      retry: options.retry,
    });
    boards.push(board);
    sourceOf.set(board, source);
  };

  let dispatching = false;
  const dispatch = (): void => {
    if (dispatching || closed) return;
    dispatching = true;
    // Once round is enough: a board that becomes free calls again.
    queueMicrotask(() => {
      dispatching = false;
      for (let i = 0; i < queue.length; ) {
        const job = queue[i];
        const { apart } = job.request;
        const board = boards.find((one) => one.isFree(job.request) && !apart?.has(one.status.name));
        if (!board) {
          i++;
          continue;
        }
        queue.splice(i, 1);
        apart?.add(board.status.name);
        void run(job, board);
      }
    });
  };

  const run = async (job: Job, board: PooledBoard): Promise<void> => {
    const stop = (): void => void board.stop();
    job.signal?.addEventListener('abort', stop, { once: true });
    const began = performance.now();
    try {
      const story = await board.tell(job.request, job.telling.pass);
      pace.told(began);
      job.resolve({ ...story, tokens: job.telling.tokens });
    } catch (error) {
      job.attempts++;
      if (!(error instanceof LostBoardError) || job.signal?.aborted) job.reject(error);
      else if (closed) job.reject(new NoBoardError('the server is shutting down'));
      else if (job.attempts >= attempts) {
        job.reject(
          new NoBoardError(`${job.attempts} boards were lost while they told this: ${error.message}`),
        );
      } else {
        onRetold?.(error.message);
        queue.unshift(job);
      }
    } finally {
      job.signal?.removeEventListener('abort', stop);
      dispatch();
    }
  };

  for (const source of sources) add(source);
  return {
    get status() {
      return { boards: boards.map(({ status }) => status), waiting: queue.length, queueLimit };
    },
    models: () => modelsOf(boards.map(({ status }) => status)),
    tell(request, onToken, signal) {
      if (queue.length >= queueLimit) {
        return Promise.reject(pace.busy(queue.length, boards.length));
      }
      return new Promise((resolve, reject) => {
        const job: Job = { request, telling: createTelling(onToken), signal, attempts: 0, resolve, reject };
        queue.push(job);
        signal?.addEventListener(
          'abort',
          () => {
            const place = queue.indexOf(job);
            if (place < 0) return;
            queue.splice(place, 1);
            reject(new FailureError('the request was given up'));
          },
          { once: true },
        );
        dispatch();
      });
    },
    add,
    renew(rollout) {
      const flashable = boards.filter((board) => sourceOf.get(board)!.flashable);
      const lent = flashable.map((board) => {
        const { name, open } = sourceOf.get(board)!;
        return { name, open, leave: board.leave, comeBack: board.comeBack };
      });
      return rollOut(lent, rollout);
    },
    async close() {
      closed = true;
      for (const job of queue.splice(0)) job.reject(new NoBoardError('the server is shutting down'));
      await Promise.all(boards.map((board) => board.close()));
    },
  };
}
