/** The Worker that looks inside: token by token with the float32 reference, and ended when it is done. */

import type { Tokenizer } from '../../src/model/index.ts';
import { createLens, type Likely, likeliest, softmaxOf } from '../../src/reference/index.ts';
import { openSource } from './open.ts';
import type { InsideCalls, Piece, TokenLook } from './protocol.ts';
import { breathe, serve } from './serve.ts';

const TOP = 10;
/** Of what a layer would say. */
const TOP_OF_LAYER = 3;
/** Attention goes out in bytes. */
const FULL = 255;
const BATCH_MS = 100;

const textOf = (tokenizer: Tokenizer, previous: number, id: number): string =>
  new TextDecoder().decode(tokenizer.decode(previous, id));

serve<InsideCalls>({
  async look({ source, tokens }, { emit, isStopped }) {
    const { model, tokenizer } = await openSource(source);
    const lens = createLens(model);
    let batch: TokenLook[] = [];
    let sent = performance.now();
    const all = [tokenizer.special.start, ...tokens];
    for (const [position, token] of all.slice(0, -1).entries()) {
      const { layers, attention } = lens.look(token, position);
      const next = all[position + 1];
      const named = ({ id, probability }: Likely): Piece => ({
        id,
        probability,
        text: textOf(tokenizer, token, id),
      });
      const logits = layers.at(-1)!;
      batch.push({
        probability: softmaxOf(logits)[next],
        top: likeliest(logits, TOP).map(named),
        layers: layers.map((layer) => likeliest(layer, TOP_OF_LAYER).map(named)),
        attention: attention.map((heads) =>
          heads.map((weights) => Uint8Array.from(weights, (weight) => Math.round(FULL * weight))),
        ),
      });
      if (performance.now() - sent < BATCH_MS) continue;
      emit(batch);
      batch = [];
      await breathe();
      if (isStopped()) return undefined;
      sent = performance.now();
    }
    emit(batch);
    return undefined;
  },
});
