/** What the tests of this room share: the tokenizer of the model that ships, and XGrammar as an oracle. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createTokenizer, piecesOf, type Tokenizer } from '../model/index.ts';
import { shippedModel } from '../node/model.ts';

/** With an empty piece in place of each that `keep` refuses. */
export function shippedTokenizer(keep: (piece: string) => boolean = () => true): Tokenizer {
  const pieces = piecesOf(shippedModel().tokenizer);
  const vocabulary = pieces.vocabulary.map((piece) =>
    keep(new TextDecoder().decode(piece)) ? piece : new Uint8Array(0),
  );
  return createTokenizer({ ...pieces, vocabulary });
}

type Xgrammar = typeof import('@mlc-ai/web-xgrammar');

/** XGrammar (mlc-ai/xgrammar). Its build for the web wants CommonJS's names where it finds Node, and leaves itself in a global. */
export async function loadXgrammar(): Promise<Xgrammar> {
  const require = createRequire(import.meta.url);
  const __filename = require.resolve('@mlc-ai/web-xgrammar');
  Object.assign(globalThis, { require, __filename, __dirname: dirname(__filename) });
  await import('@mlc-ai/web-xgrammar');
  return (globalThis as unknown as { xgrammar: Xgrammar }).xgrammar;
}
