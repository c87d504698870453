/**
 * A pool that believes no single board: every story is told by several at once, with one seed, and a token goes on when most of them have
 * said it. Costs as many boards a request; finds the one whose memory or cable lies.
 */
import type { StartEvent, Story, TokenEvent } from '../serial/index.ts';
import { NoBoardError } from './errors.ts';
import type { LocalPool, Pool } from './pool.ts';
import type { OnToken } from './request.ts';

export interface VoteOptions {
  /** Boards that tell a story; more than half of them must agree. */
  of?: number;
  /** Told when a board was outvoted. */
  onOutvoted?: (why: string) => void;
}

export function createVotingPool(inner: LocalPool, { of = 3, onOutvoted }: VoteOptions = {}): Pool {
  const needed = Math.floor(of / 2) + 1;
  return {
    get status() {
      return inner.status;
    },
    models: inner.models,
    close: inner.close,
    async tell(request, onToken, signal) {
      const enough = new AbortController();
      const signals = signal ? AbortSignal.any([signal, enough.signal]) : enough.signal;
      const apart = new Set<string>();
      const count = createCount(needed, onToken);
      const digests = new Map<string, number>();
      return new Promise<Story>((resolve, reject) => {
        const voices = Array.from({ length: of }, async () => {
          const story = await inner.tell({ ...request, apart }, count, signals);
          const { digest } = story.end;
          const votes = (digests.get(digest) ?? 0) + 1;
          digests.set(digest, votes);
          if (votes !== needed) return;
          resolve(story);
          if (digests.size === 1) enough.abort();
        });
        void Promise.allSettled(voices).then((results) => {
          const [most = 0] = [...digests.values()].sort((a, b) => b - a);
          if (digests.size > 1)
            onOutvoted?.(`boards disagree: ${[...digests].map(([d, n]) => `${n} told ${d}`).join(', ')}`);
          if (most >= needed) return;
          const failure = results.find(({ status }) => status === 'rejected') as
            | PromiseRejectedResult
            | undefined;
          reject(
            failure?.reason ??
              new NoBoardError(`no ${needed} of ${of} boards tell the same story; verify them`),
          );
        });
      });
    },
  };
}

/** Hands on a token once `needed` boards have said it at its position, and all before it have gone. */
function createCount(needed: number, onToken: OnToken): OnToken {
  const votes: Map<number, number>[] = [];
  const agreed: { token: TokenEvent; start: StartEvent | undefined }[] = [];
  let next = 0;
  return (token, start) => {
    votes[token.n] ??= new Map();
    const said = (votes[token.n].get(token.id) ?? 0) + 1;
    votes[token.n].set(token.id, said);
    if (said === needed) agreed[token.n] = { token, start };
    for (; agreed[next]; next++) onToken(agreed[next].token, agreed[next].start);
  };
}
