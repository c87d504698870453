/** The Worker's side of the calls: several may run at once, each as long as it lets others have their turn. */
import { FailureError, messageOf, UsageError } from '../../src/errors.ts';
import type { Calls, Reply, Request } from './protocol.ts';

export interface CallContext<Event> {
  emit(event: Event, transfer?: Transferable[]): void;
  /** The caller has lost interest. */
  isStopped(): boolean;
}

export type Handlers<C extends Calls> = {
  [Name in keyof C]: (
    input: C[Name]['input'],
    context: CallContext<C[Name]['event']>,
  ) => C[Name]['result'] | Promise<C[Name]['result']>;
};

/** The part of a Worker's global scope that is used here: a page's types call it a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Reply, transfer?: Transferable[]): void;
}

export function serve<C extends Calls>(handlers: Handlers<C>): void {
  const scope = self as unknown as WorkerScope;
  const stopped = new Set<number>();
  const answer = async (id: number, name: string, input: unknown): Promise<void> => {
    const context: CallContext<unknown> = {
      emit: (event, transfer = []) => scope.postMessage({ id, event }, transfer),
      isStopped: () => stopped.has(id),
    };
    try {
      const handle = handlers[name] as unknown as (input: unknown, context: CallContext<unknown>) => unknown;
      scope.postMessage({ id, result: await handle(input, context) });
    } catch (error) {
      const isOurs = error instanceof FailureError || error instanceof UsageError;
      scope.postMessage({ id, error: messageOf(error), isOurs });
    } finally {
      stopped.delete(id);
    }
  };
  scope.onmessage = ({ data }) => {
    if ('stop' in data) stopped.add(data.id);
    else void answer(data.id, data.name, data.input);
  };
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Lets messages that have come be handled; unlike a timer it takes no milliseconds. */
export const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });
