/** One more core for a training run: where the page may share memory between Workers. */
import { followRun, type ThreadTask } from '../../src/train/index.ts';

interface Scope {
  onmessage: ((event: MessageEvent<ThreadTask>) => void) | null;
  postMessage(message: 'ready'): void;
  close(): void;
}

const scope = self as unknown as Scope;
scope.onmessage = ({ data }) => {
  followRun(data, () => scope.postMessage('ready'));
  scope.close();
};
