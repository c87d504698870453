/** The page's side of the calls to its Workers. */
import type {
  Calls,
  InsideCalls,
  LabCalls,
  PlannerCalls,
  Reply,
  Request,
  TrainerCalls,
} from '../worker/protocol.ts';
import { RoomError } from './room-error.ts';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  onEvent(event: unknown): void;
}

export interface Call<Result> {
  readonly result: Promise<Result>;
  /** Asks it to end early; it still gives a result. */
  stop(): void;
}

interface Caller<C extends Calls> {
  call<Name extends keyof C & string>(
    name: Name,
    input: C[Name]['input'],
    onEvent?: (event: C[Name]['event']) => void,
  ): Call<C[Name]['result']>;
  /** Lets the Worker load before anything is asked of it. */
  warmUp(): void;
  /** Ends the Worker, with whatever it does, for a reason; the next call starts another. */
  end(reason?: RoomError): void;
  /** Ends the Worker if nothing is asked of it. */
  endIdle(): void;
}

export function createCaller<C extends Calls>(start: () => Worker): Caller<C> {
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let worker: Worker | undefined;
  const rejectAll = (error: Error): void => {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  const started = (): Worker => {
    if (worker) return worker;
    worker = start();
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const call = pending.get(data.id);
      if (!call) return;
      if ('event' in data) return call.onEvent(data.event);
      pending.delete(data.id);
      if ('error' in data) call.reject(new RoomError(data.error, data.isOurs));
      else call.resolve(data.result);
    };
    worker.onerror = ({ message }) =>
      rejectAll(new RoomError(message || 'a part of the page did not load; load it again', false));
    return worker;
  };
  const end = (reason: RoomError): void => {
    worker?.terminate();
    worker = undefined;
    rejectAll(reason);
  };
  return {
    call(name, input, onEvent = () => {}) {
      const post = (request: Request): void => started().postMessage(request);
      const id = nextId++;
      const result = new Promise<unknown>((resolve, reject) => {
        pending.set(id, { resolve, reject, onEvent: onEvent as (event: unknown) => void });
      });
      post({ id, name, input });
      return {
        result,
        stop: () => {
          if (pending.has(id)) post({ id, stop: true });
        },
      };
    },
    warmUp: () => void started(),
    end: (reason = new RoomError('ended', true)) => end(reason),
    endIdle() {
      if (pending.size === 0) end(new RoomError('ended', true));
    },
  };
}

export const lab = createCaller<LabCalls>(
  () => new Worker(new URL('../worker/lab.ts', import.meta.url), { type: 'module', name: 'lab' }),
);

export const planner = createCaller<PlannerCalls>(
  () => new Worker(new URL('../worker/planner.ts', import.meta.url), { type: 'module', name: 'planner' }),
);

export const insideWorker = createCaller<InsideCalls>(
  () => new Worker(new URL('../worker/inside.ts', import.meta.url), { type: 'module', name: 'inside' }),
);

export const trainer = createCaller<TrainerCalls>(
  () => new Worker(new URL('../worker/trainer.ts', import.meta.url), { type: 'module', name: 'trainer' }),
);
