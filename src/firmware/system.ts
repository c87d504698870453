/** Memory that the device program needs besides the model: console, prompt, sampler, stacks (src/contract/numbers.ts). */
import { LINE_BYTES, status, structureBytes, teamwork, value } from '../contract/index.ts';
import type { ChatTemplate, ModelConfig, Tokenizer } from '../model/index.ts';
import { type MemoryItem, memoryItem, roundUp } from './memory.ts';
import { PANIC_BYTES } from './start.ts';
import { packVocabulary, vocabularyConstants } from './vocabulary.ts';

/** What can be typed ahead while a story runs; a power of two. */
const TYPED_BYTES = 256;
/** What may be printed faster than it is sent; a power of two. */
const OUTPUT_BYTES = 1024;
/** Room for the text that greets (banner.ts). */
export const BANNER_BYTES = 768;
/** Room for the answer to `/json on`, beside a template in it. */
const READY_BYTES = 256;
export const readyBytes = (template: ChatTemplate | undefined): number =>
  READY_BYTES + (template ? roundUp(asciiJson({ template }).length, 16) : 0);
/** Of each core; the deepest call chain of the compiled program takes a few hundred bytes. */
export const STACK_BYTES = 4096;
export const STATUS_BYTES = structureBytes(status);
/** Of the last tokens: the ring, two words and spare, two lists (device/sampler/repetition.ts). */
const RECENT_BYTES = 2 * value.REPETITION_WINDOW + 16 + 2 * (16 + 4 * value.REPETITION_WINDOW);
/** Entries of the table of ranges to be zeroed. */
export const ZERO_RANGES = 16;

/** An item and, if it is loaded, what is in it. */
export interface SystemItem extends MemoryItem {
  contents?: Uint8Array;
}

const empty = (name: string, bytes: number, lifetime: 'early' | 'late', zero: boolean): SystemItem =>
  memoryItem(name, bytes, { lifetime, zero });

const loaded = (name: string, contents: Uint8Array, memory: MemoryItem['memory']): SystemItem => ({
  ...memoryItem(name, contents.length, { purpose: memory === 'any' ? 'tables' : 'system', memory }),
  contents,
});

const bytesOf = (array: Uint32Array | Float32Array | Uint16Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** What an image says, and may be told to say. */
export interface GrammarMemory {
  /** What it may say, packed (`compileGrammar`); default: anything. */
  grammar?: Uint8Array;
  /** Bytes kept free for a packed grammar that is sent at run time; default: none. */
  grammarRoom?: number;
  /** How conversations are written; default: prompts are taken as they are. */
  template?: ChatTemplate;
}

/** Items for a model's vocabulary and context. `banner` and `zeroRanges` get their contents once all is placed. */
export function systemItems(
  config: ModelConfig,
  tokenizer: Tokenizer,
  context: number,
  { grammar, grammarRoom = 0, template }: GrammarMemory = {},
): SystemItem[] {
  const tables = packVocabulary(tokenizer);
  return [
    empty('stack0', STACK_BYTES, 'early', false),
    empty('stack1', STACK_BYTES, 'early', false),
    empty('panicFrames', 2 * PANIC_BYTES, 'early', false),
    empty('teamwork', structureBytes(teamwork), 'early', true),
    empty('status', STATUS_BYTES, 'early', true),
    empty('typed', TYPED_BYTES, 'early', false),
    empty('output', OUTPUT_BYTES, 'early', false),
    empty('line', LINE_BYTES + 16, 'late', false),
    empty('promptTokens', 4 * (LINE_BYTES + 2), 'late', false),
    empty('promptMerges', 4 * (LINE_BYTES + 2), 'late', false),
    empty('storyTokens', 4 * context, 'late', true),
    empty('candidates', 2 * roundUp(config.vocabulary, 16), 'late', false),
    recentTokens(),
    loaded('banner', new Uint8Array(BANNER_BYTES), 'sram'),
    loaded('readyLine', new Uint8Array(readyBytes(template)), 'sram'),
    ...(template ? [loaded('until', untilOf(template), 'sram')] : []),
    loaded('zeroRanges', new Uint8Array(8 * ZERO_RANGES), 'sram'),
    ...(grammar ? [loaded('grammar', grammar, 'any')] : []),
    ...(grammarRoom > 0
      ? [{ ...empty('grammarRoom', grammarRoom, 'late', false), memory: 'any' as const }]
      : []),
    ...Object.entries(tables).map(([name, table]) => loaded(name, bytesOf(table), 'any')),
  ];
}

/** What the repetition penalty looks back on. */
export const recentTokens = (prefix = ''): SystemItem =>
  empty(`${prefix}recent`, RECENT_BYTES, 'late', false);

/** What ends an answer, and room for what was said last. */
function untilOf({ end }: ChatTemplate): Uint8Array {
  const bytes = new Uint8Array(2 * value.UNTIL_BYTES);
  bytes.set(endText(end));
  return bytes;
}

/** The text that ends an answer; empty where a token does, or nothing. */
const endText = (end: ChatTemplate['end']): Uint8Array =>
  new TextEncoder().encode(typeof end === 'string' ? end : '');

/** Without what would need an escape of the console's. */
export const asciiJson = (what: unknown): string =>
  JSON.stringify(what).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The numbers that go with {@link systemItems}. */
export function systemConstants(
  tokenizer: Tokenizer,
  { template }: Pick<GrammarMemory, 'template'> = {},
): Record<string, number> {
  const end = template?.end;
  return {
    turns: Number(template !== undefined),
    untilBytes: endText(end).length,
    untilToken: typeof end === 'number' ? end : -1,
    lineBytes: LINE_BYTES,
    typedBytes: TYPED_BYTES,
    outputBytes: OUTPUT_BYTES,
    ...vocabularyConstants(tokenizer),
  };
}
