/** What a plan is asked for, and everything that then needs memory. */
import type { Board } from '../chip/boards/index.ts';
import type { Tokenizer } from '../model/index.ts';
import type { QuantizedModel } from '../quantize/index.ts';
import type { MemoryItem } from './memory.ts';
import { screenItems } from './screen/index.ts';
import { systemItems } from './system.ts';
import { cacheTraffic, trafficOf } from './traffic.ts';

export interface PlanRequest {
  model: QuantizedModel;
  tokenizer: Tokenizer;
  board: Board;
  /** Positions; without it the planner takes the longest that fits. */
  context?: number;
  /** `sram` as much as fits, or all of them in `flash`. */
  weights?: 'sram' | 'flash';
  /** Sections that the compiled program brings: data that already have their address, code beyond SRAM0. */
  program: readonly MemoryItem[];
  /** A packed grammar. */
  grammar?: Uint8Array;
  /** The same model as int8, where it is not: asked for only to say that it would fit. */
  asInt8?: () => QuantizedModel;
}

/** What the positions of a pass of several keep. */
const batchItem = ({ laneBytes }: QuantizedModel, lanes: number): MemoryItem => ({
  name: 'batch',
  purpose: 'activations',
  bytes: lanes * laneBytes,
  align: 16,
  lifetime: 'late',
  memory: 'any',
  zero: true,
  reads: 0,
  writes: 0,
});

/** Everything that needs memory, for a context of so many positions, of which so many are read in one pass where a prompt has them. */
export function itemsOf(
  { model, tokenizer, program, board, grammar }: PlanRequest,
  context: number,
  lanes = 0,
): MemoryItem[] {
  const weights = model.blobs.map(
    (blob): MemoryItem => ({
      name: blob.name,
      purpose: 'weights',
      bytes: blob.bytes.length,
      align: Math.max(blob.align, 16), // the vector unit drops the low bits of an address
      lifetime: 'loaded',
      memory: blob.memory,
      zero: false,
      ...trafficOf(model, blob),
    }),
  );
  const working = model.buffers(context).map(
    (buffer): MemoryItem => ({
      name: buffer.name,
      purpose: buffer.purpose,
      bytes: buffer.bytes,
      align: Math.max(buffer.align, 16),
      lifetime: 'late',
      memory: buffer.memory,
      zero: true,
      ...cacheTraffic(model, buffer, context),
    }),
  );
  return [
    ...program,
    ...weights,
    ...working,
    ...systemItems(model.config, tokenizer, context, grammar),
    ...screenItems(board.screen),
    ...(lanes > 0 ? [batchItem(model, lanes)] : []),
  ];
}
