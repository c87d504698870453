/**
 * How the boards of one model talk (device/chain): in a ring, each sends to the next alone. Board 0 has the console, the last layers and the
 * classifier; a token goes from it to board 1, which embeds it; what the layers leave goes on from board to board, and comes back to it.
 */
import { field } from './structure.ts';

/** What begins a frame. Its payload follows, then the CRC-32 of all that (Ethernet's, zip's). Little-endian. */
export const frame = {
  meaning: 'What a frame between boards begins with.',
  unit: 4,
  fields: {
    head: field(
      'u32',
      'FRAME_MARK, an index of frame kinds in the second byte, bytes of the payload in the upper 16 bits.',
    ),
    order: field('u32', 'Number of the request, modulo 2^16; the position in the upper 16 bits.'),
  },
} as const;

/** Names with their meanings; the second byte of a frame is the index. */
export const frameKinds = {
  hello: 'Begins a story: a word that all images of one build have. Goes all the way round.',
  token: 'Asks for a pass: the token. For board 1.',
  vector:
    'The residual stream behind the layers of a board, for the next one: its words, or of fixed arithmetic their low 24 bits where these say all. With per-layer embeddings one more word, the token.',
  fault:
    'A word: why a board did not do what it was asked, an index of faults, and its number in the second byte. Goes on to board 0.',
} as const;

export const faults = {
  damaged: 'What came was no whole frame. Its order is that of the last one that was.',
  foreign: 'The word of a hello is not that of its image.',
  lost: 'It has not got the positions before the one that is asked for.',
} as const;
