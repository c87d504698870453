/** What requests may ask an answer to be: JSON of a schema, compiled for the vocabulary of the boards that are to say it. */
import { FailureError, UsageError } from '../errors.ts';
import { digestBytes, formatDigest, vocabularyDigest } from '../firmware/index.ts';
import { compileGrammar } from '../grammar/index.ts';
import type { Tokenizer } from '../model/index.ts';
import type { Pool } from './pool.ts';
import type { BoundGrammar } from './request.ts';

/** No board here can be bound to what was asked for, or it is no schema. */
export class GrammarError extends UsageError {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Grammars {
  /**
   * The grammar of a schema for the boards of `model`, and what its vocabulary makes of prompts.
   * @throws GrammarError
   */
  compile(
    schema: unknown,
    pool: Pool,
    model: string | undefined,
  ): { grammar: BoundGrammar; tokenizer: Tokenizer };
}

/** The schema of what is only to be JSON. */
export const ANY_OBJECT = { type: 'object' };
/** How deep JSON of no schema may be, where the boards have room for it. */
const DEEPEST = 2;
/** Of an automaton over bytes: whoever asks for more does not keep the server from others for long. */
const MOST_STATES = 6000;
/** Compiled grammars that are kept. */
const KEPT = 64;

export function createGrammars(tokenizers: readonly Tokenizer[] = []): Grammars {
  const known = new Map(tokenizers.map((tokenizer) => [vocabularyDigest(tokenizer), tokenizer]));
  const compiled = new Map<string, BoundGrammar>();

  const compile = (text: string, tokenizer: Tokenizer, target: Target): BoundGrammar => {
    const key = `${target.vocabulary} ${target.room} ${text}`;
    const found = compiled.get(key) ?? fitting(text, tokenizer, target);
    compiled.delete(key);
    compiled.set(key, found); // the last used ones stay
    for (const [oldest] of compiled) if (compiled.size > KEPT) compiled.delete(oldest);
    return found;
  };

  return {
    compile(schema, pool, model) {
      const boards = pool.status.boards.filter((board) => model === undefined || board.model === model);
      const free = boards.filter(({ room = 0, bound }) => room > 0 && !bound);
      if (free.length === 0) {
        throw new GrammarError(
          'grammar_not_supported',
          boards.some(({ bound }) => bound)
            ? 'these boards are bound to a grammar of their own'
            : 'no board here has room for a grammar; build its image with --grammar-room',
        );
      }
      const vocabulary = free.find((board) => known.has(board.vocabulary ?? ''))?.vocabulary;
      const tokenizer = known.get(vocabulary ?? '');
      if (vocabulary === undefined || tokenizer === undefined) {
        throw new GrammarError(
          'vocabulary_unknown',
          `this server does not have the vocabulary of ${free[0].model}; start it with --model and the model that its boards have`,
        );
      }
      const room = Math.max(
        ...free.map((board) => (board.vocabulary === vocabulary ? (board.room ?? 0) : 0)),
      );
      const grammar = compile(JSON.stringify(schema), tokenizer, { vocabulary, room });
      return { grammar, tokenizer };
    },
  };
}

interface Target {
  vocabulary: string;
  /** Bytes of the board that has most. */
  room: number;
}

/** As deep as there is room for, where a schema may stand within itself. @throws GrammarError */
function fitting(text: string, tokenizer: Tokenizer, { vocabulary, room }: Target): BoundGrammar {
  for (let nesting = DEEPEST; ; nesting--) {
    const { packed, cut } = compileFor(text, tokenizer, nesting);
    if (packed.length <= room) return { packed, digest: formatDigest(digestBytes(packed)), vocabulary };
    if (nesting > 0 && cut.length > 0) continue;
    throw new GrammarError(
      'grammar_too_large',
      `the schema takes ${packed.length} bytes as a grammar, and the boards have room for ${room}; ask for less (maxLength, enum), or build images with a larger --grammar-room`,
    );
  }
}

function compileFor(text: string, tokenizer: Tokenizer, nesting: number) {
  try {
    return compileGrammar(text, tokenizer, { name: 'schema', nesting, states: MOST_STATES });
  } catch (error) {
    if (error instanceof FailureError) throw new GrammarError('invalid_schema', error.message);
    throw error;
  }
}
