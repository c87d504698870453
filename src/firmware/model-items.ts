/** What a model needs memory for. */
import type { QuantizedModel } from '../quantize/index.ts';
import type { MemoryItem } from './memory.ts';
import { cacheTraffic, trafficOf } from './traffic.ts';

/** The vector unit drops the low bits of an address. */
const ALIGN = 16;

/** Weights, working memory and cache for a context of so many positions; `passes` through the model for a token of the story. */
export function modelItems(model: QuantizedModel, context: number, prefix = '', passes = 1): MemoryItem[] {
  const often = ({ reads, writes }: { reads: number; writes: number }) => ({
    reads: passes * reads,
    writes: passes * writes,
  });
  return [
    ...model.blobs.map(
      (blob): MemoryItem => ({
        name: prefix + blob.name,
        purpose: blob.memory === 'flash' ? 'tables' : 'weights', // what stays there is read by row
        bytes: blob.bytes.length,
        align: Math.max(blob.align, ALIGN),
        lifetime: 'loaded',
        memory: blob.memory,
        zero: false,
        ...often(trafficOf(model, blob)),
      }),
    ),
    ...model.buffers(context).map(
      (buffer): MemoryItem => ({
        name: prefix + buffer.name,
        purpose: buffer.purpose,
        bytes: buffer.bytes,
        align: Math.max(buffer.align, ALIGN),
        lifetime: 'late',
        memory: buffer.memory,
        zero: true,
        ...often(cacheTraffic(model, buffer, context)),
      }),
    ),
  ];
}
