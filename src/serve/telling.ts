/** A story on its way to a client, whichever board tells it, and however often it is begun anew. */
import { digestTokens, formatDigest } from '../firmware/index.ts';
import type { StartEvent, Story, TokenEvent } from '../serial/index.ts';
import { NoBoardError } from './errors.ts';
import type { OnToken } from './request.ts';

export interface Telling {
  /** What the client has, by position. */
  readonly tokens: TokenEvent[];
  /**
   * Hands on what the client does not have yet.
   * @throws NoBoardError where a board tells the story differently from the one before
   */
  pass(token: TokenEvent, start: StartEvent | undefined): void;
}

export function createTelling(onToken: OnToken): Telling {
  const tokens: TokenEvent[] = [];
  return {
    tokens,
    pass(token, start) {
      const known = tokens[token.n];
      if (known === undefined && token.n === tokens.length) {
        tokens.push(token);
        onToken(token, start);
      } else if (known !== undefined && known.id !== token.id) {
        throw new NoBoardError(
          `two boards tell the same story differently from token ${token.n} on; verify them`,
        );
      }
    },
  };
}

/** Whether nothing of a story was lost on the way: its digest is of all its tokens. */
export const isWhole = (tokens: readonly TokenEvent[], { digest }: Story['end']): boolean =>
  formatDigest(digestTokens(tokens.map(({ id }) => id))) === digest;
