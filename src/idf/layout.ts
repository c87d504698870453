/**
 * Where everything lies, relative to memory that is only known when the component starts: the compiled program finds each
 * address as a word of `esp32_llm_words`, which the C code fills in.
 */
import { systemItems } from '../firmware/index.ts';
import type { Tokenizer } from '../model/index.ts';
import { knowsWords, type QuantizedModel } from '../quantize/index.ts';

/** `working`: small and read all the time. `cache`: keys and values, and what positions of a pass keep. `weights`: the image in flash, read only. */
export type Region = 'working' | 'cache' | 'weights';

/** Something with an address of its own. */
export interface Place {
  /** As in `config.NAME` of the device program. */
  name: string;
  region: Region;
  /** Bytes from the start of the region. */
  offset: number;
  bytes: number;
}

export interface ComponentLayout {
  /** Those whose addresses the program imports, in the order of the words. */
  words: readonly Place[];
  /** Bytes of the two regions in RAM, multiples of 16. */
  workingBytes: number;
  cacheBytes: number;
  /** Positions of a prompt that a pass over the weights reads at most; 0: one by one. */
  lanes: number;
}

/** Everything must be aligned to the vector unit's 16 bytes, or its loads silently read elsewhere. */
export const ALIGNMENT = 16;

export const alignUp = (value: number): number => Math.ceil(value / ALIGNMENT) * ALIGNMENT;

/** What the device program's own parts need, of all that the bare firmware has (src/firmware/system.ts). */
const SYSTEM_BUFFERS: ReadonlySet<string> = new Set([
  'teamwork',
  'line',
  'promptTokens',
  'promptMerges',
  'candidates',
  'recent',
]);

/** More weights than internal RAM can hold come through the cache in every pass, which then serves so many positions of a prompt. */
const LARGE_BYTES = 512 << 10;
const LANES = 12;

/** Lays out working memory and cache; `weights` are the places within the weights' image, which has so many bytes. */
export function layOutComponent(
  model: QuantizedModel,
  tokenizer: Tokenizer,
  context: number,
  { places: weights, bytes: { length: weightsBytes } }: { places: readonly Place[]; bytes: Uint8Array },
): ComponentLayout {
  const end = { working: 0, cache: 0 };
  const put = (name: string, bytes: number, region: 'working' | 'cache'): Place => {
    const offset = end[region];
    end[region] = alignUp(offset + bytes);
    return { name, region, offset, bytes };
  };
  const isNeeded = ({ name }: { name: string }): boolean =>
    SYSTEM_BUFFERS.has(name) || (name === 'storyTokens' && knowsWords(model));
  const system = systemItems(model.config, tokenizer, context).filter(isNeeded);
  const lanes = model.laneBytes > 0 && weightsBytes > LARGE_BYTES ? LANES : 0;
  const words = [
    put('model', model.blobs[0].bytes.length, 'working'),
    ...model
      .buffers(context)
      .map(({ name, bytes, purpose }) => put(name, bytes, purpose === 'kv cache' ? 'cache' : 'working')),
    ...(lanes > 0 ? [put('batch', lanes * model.laneBytes, 'cache')] : []),
    ...system.map(({ name, bytes }) => put(name, bytes, 'working')),
    ...weights,
  ];
  return { words, workingBytes: end.working, cacheBytes: end.cache, lanes };
}
