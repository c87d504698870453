/** What the algorithms of a tokenizer.json have in common. */
import type { Refuse } from './assemble.ts';
import { type Json, object } from './json-values.ts';
import type { TokenizerRules } from './tokenizers/pieces.ts';

/** What an algorithm's part of the file gives. */
export interface Pieces {
  vocabulary: Uint8Array[];
  scores: Float32Array;
  rules: TokenizerRules;
  unknown?: number;
}

/** The pieces of a `vocab` object by their ids. */
export function vocabularyOf(model: Json, refuse: Refuse): string[] {
  const vocab = object(model.vocab) ?? refuse('its model.vocab is missing');
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(vocab)) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > 1_000_000)
      refuse(`piece ${JSON.stringify(piece)} has the id ${String(id)}`);
    pieces[id as number] = piece;
  }
  return Array.from(pieces, (piece) => piece ?? '');
}
