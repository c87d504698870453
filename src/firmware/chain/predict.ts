/** How fast a story will be told by boards in a ring, and whether one board would be faster. */
import { value } from '../../contract/index.ts';
import type { Part } from '../../quantize/index.ts';
import type { Firmware } from '../build.ts';
import { BETWEEN_PASSES, type Prediction } from '../predict.ts';
import { predictFirmware } from '../predict-firmware.ts';

export interface ChainPrediction {
  /** Of the story that it is the mean of. */
  positions: number;
  tokensPerSecond: number;
  cyclesPerToken: number;
  /** Of these, what the wires take. */
  linkCycles: number;
  /** What each board does for a token, by board; the others wait meanwhile. */
  boards: readonly Prediction[];
}

/** Start bit, 8 data bits, stop bit. */
const BITS_PER_BYTE = 10;
const WORD = 4;
/** Cycles for a frame between its last byte's stop bit and the first layer, and before its first byte, and for each component (fitted). */
const HANDLING = { frame: 270, component: 21 };

/** Of images as `buildChain` gives them. */
export function predictChain(images: readonly Firmware[], positions?: number): ChainPrediction {
  const boards = images.map((image) => predictFirmware(image, positions));
  const others = images.length - 1;
  const linkCycles = tokenFrame(images[0]) + others * vectorFrame(images[0]);
  const cyclesPerToken =
    boards.reduce((sum, board) => sum + board.cyclesPerToken, 0) - others * BETWEEN_PASSES + linkCycles;
  return {
    positions: boards[0].positions,
    tokensPerSecond: (images[0].clock * 1e6) / cyclesPerToken,
    cyclesPerToken,
    linkCycles,
    boards,
  };
}

const frameCycles = ({ clock }: Firmware, payload: number): number =>
  ((value.FRAME_BYTES + payload) * BITS_PER_BYTE * clock * 1e6) / value.LINK_BAUD + HANDLING.frame;

const tokenFrame = (image: Firmware): number => frameCycles(image, WORD);

const vectorFrame = (image: Firmware): number => {
  const { dim, componentBytes } = partOf(image);
  return frameCycles(image, componentBytes * dim) + HANDLING.component * dim;
};

function partOf({ part }: Firmware): Part {
  if (!part) throw new Error('predictChain: an image of a whole model');
  return part;
}
