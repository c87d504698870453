/** What the device says first: written here, where the numbers are known, so that the device needs no words for them. */
import type { ChatTemplate, Tokenizer } from '../model/index.ts';
import type { QuantizedModel } from '../quantize/index.ts';
import { kilobytes } from './memory.ts';
import type { MemoryMap } from './memory-map.ts';
import { asciiJson, BANNER_BYTES, type GrammarMemory, readyBytes } from './system.ts';
import { vocabularyDigest } from './vocabulary.ts';

export interface BannerFacts {
  model: QuantizedModel;
  modelName: string;
  boardName: string;
  version: string;
  cores: 1 | 2;
  /** Hand-written vector kernels, or the portable ones. */
  pie: boolean;
  map: MemoryMap;
}

/** The greeting, ASCII, at most BANNER_BYTES long. */
export function bannerText({ model, modelName, boardName, version, cores, pie, map }: BannerFacts): string {
  const { config } = model;
  const region = (name: string) => map.regions.find((region) => region.name === name);
  const sram = region('sram');
  const elsewhere = (['flash', 'psram'] as const).flatMap((name) => {
    const bytes = region(name)?.used;
    return bytes ? [`; ${kilobytes(bytes)} in ${name === 'flash' ? 'flash' : 'PSRAM'}`] : [];
  });
  const lines = [
    '',
    `esp32-llm ${version} for ${boardName}: ESP32-S3, ${cores} core${cores === 2 ? 's' : ''}${pie ? ', vector unit' : ''}`,
    `model ${modelName}: ${layersOf(model)}, dim ${config.dim}, hidden ${config.hiddenDim}, ${config.heads} heads (${config.kvHeads} for keys and values), ${config.vocabulary} pieces, ${model.label}`,
    `memory: weights ${kilobytes(map.byPurpose.weights)}, KV cache ${kilobytes(map.byPurpose['kv cache'])} for ${map.context} tokens; SRAM ${kilobytes(sram?.free ?? 0)} free${elsewhere.join('')}`,
  ];
  const ascii = lines.join('\n').replace(/[^\x20-\x7e\n]/g, '?');
  return `${ascii.slice(0, BANNER_BYTES - 1)}\n`;
}

/** As people count, layer 1 being the first. */
export const layersText = (first: number, layers: number): string =>
  layers === 1 ? `layer ${first + 1}` : `layers ${first + 1} to ${first + layers}`;

/** As people count: board 1 has the console. */
function layersOf({ config: { layers }, part }: QuantizedModel): string {
  if (!part) return `${layers} layers`;
  const { board, boards, first, of } = part;
  return `board ${board + 1} of ${boards}, ${layersText(first, layers)} of ${of}`;
}

/** What an image tells of itself beside its model's name. */
export interface ReadyFacts {
  context: number;
  /** Fingerprint of the image's memory map, 16 hex digits. */
  map: string;
  /** Bytes that the image keeps free for a grammar that is sent; missing: none. */
  room?: number;
  /** Digest of the vocabulary that such a grammar is for, 16 hex digits, and how many pieces it has. */
  vocabulary?: string;
  pieces?: number;
  /** The image has a grammar of its own. */
  bound?: true;
  /** How conversations are written. */
  template?: ChatTemplate;
}

/** The facts for who would send a grammar, none where there is no room; and for who would converse. */
export const binding = ({
  tokenizer,
  grammar,
  grammarRoom = 0,
  template,
}: GrammarMemory & { tokenizer: Tokenizer }): Partial<ReadyFacts> => ({
  ...(grammarRoom > 0
    ? {
        room: grammarRoom,
        vocabulary: vocabularyDigest(tokenizer),
        pieces: tokenizer.vocabulary.length,
        ...(grammar === undefined ? {} : { bound: true as const }),
      }
    : {}),
  ...(template ? { template } : {}),
});

/** The answer to `/json on` (src/serial/device.ts, ReadyEvent). */
export function readyText(modelName: string, facts: ReadyFacts): string {
  const rest = asciiJson({ event: 'ready', model: '', ...facts }).length;
  const room = readyBytes(facts.template) - 1 - rest;
  const name = modelName.replace(/[^\x20-\x7e]|["\\]/g, '?').slice(0, room);
  return asciiJson({ event: 'ready', model: name, ...facts });
}
