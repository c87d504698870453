/** The page's side of the calls to its Worker. */
import type { CallName, LabCalls, LabEvents, Reply, Request } from '../worker/protocol.ts';

/** What a room says in one sentence for people; other errors are faults of this program. */
export class LabError extends Error {
  readonly isOurs: boolean;
  constructor(message: string, isOurs: boolean) {
    super(message);
    this.isOurs = isOurs;
  }
}

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

type EventOf<Name extends CallName> = Name extends keyof LabEvents ? LabEvents[Name] : never;

const pending = new Map<number, Pending>();
let nextId = 1;
let worker: Worker | undefined;

function startWorker(): Worker {
  const started = new Worker(new URL('../worker/lab.ts', import.meta.url), { type: 'module', name: 'lab' });
  started.onmessage = ({ data }: MessageEvent<Reply>) => {
    const call = pending.get(data.id);
    if (!call) return;
    if ('event' in data) return call.onEvent(data.event);
    pending.delete(data.id);
    if ('error' in data) call.reject(new LabError(data.error, data.isOurs));
    else call.resolve(data.result);
  };
  started.onerror = (event) => {
    event.preventDefault?.();
    const error = new LabError(event.message || 'the simulator did not load; load the page again', false);
    for (const call of pending.values()) call.reject(error);
    pending.clear();
  };
  return started;
}

export function call<Name extends CallName>(
  name: Name,
  input: Parameters<LabCalls[Name]>[0],
  onEvent: (event: EventOf<Name>) => void = () => {},
  transfer: Transferable[] = [],
): Call<ReturnType<LabCalls[Name]>> {
  worker ??= startWorker();
  const post = (request: Request, moved: Transferable[] = []): void => worker?.postMessage(request, moved);
  const id = nextId++;
  const result = new Promise<unknown>((resolve, reject) => {
    pending.set(id, { resolve, reject, onEvent: onEvent as (event: unknown) => void });
  });
  post({ id, name, input }, transfer);
  return {
    result: result as Promise<ReturnType<LabCalls[Name]>>,
    stop: () => post({ id, stop: true }),
  };
}

/** Lets the Worker load before anything is asked of it. */
export const warmUp = (): void => {
  worker ??= startWorker();
};
