/** A packed grammar that came from elsewhere: whether a device can walk it without leaving it. */
import { grammarState, offsetOf, structureBytes } from '../contract/index.ts';

const STATE_BYTES = structureBytes(grammarState);
const TOKENS = offsetOf(grammarState, 'tokens');
const COUNT = offsetOf(grammarState, 'count');
const NOTE = offsetOf(grammarState, 'note');

/**
 * True for states whose tokens lie within the grammar and lead to its states, and that have no notes: those are for images, which
 * move pins by them.
 */
export function isWalkable(packed: Uint8Array, vocabulary: number): boolean {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (packed.length < STATE_BYTES || packed.length % 4 !== 0) return false;
  // Tokens begin behind the last state: the first of them tells how many there are.
  const states = statesOf(view);
  for (let state = 0; state < states; state++) {
    const at = STATE_BYTES * state;
    const [tokens, count] = [view.getUint32(at + TOKENS, true), view.getUint32(at + COUNT, true)];
    if (view.getUint32(at + NOTE, true) !== 0 || tokens % 4 !== 0) return false;
    if (tokens < STATE_BYTES * states || tokens + 4 * count > packed.length) return false;
    for (let i = 0; i < count; i++) {
      const entry = tokens + 4 * i;
      if (view.getUint16(entry, true) >= vocabulary || view.getUint16(entry + 2, true) >= states)
        return false;
    }
  }
  return states > 0;
}

function statesOf(view: DataView): number {
  let end = view.byteLength;
  for (let at = 0; at + STATE_BYTES <= end; at += STATE_BYTES) {
    const tokens = view.getUint32(at + TOKENS, true);
    if (view.getUint32(at + COUNT, true) > 0 && tokens < end) end = tokens;
  }
  return Math.floor(end / STATE_BYTES);
}
