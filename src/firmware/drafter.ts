/** A second, small model in the same memory, that guesses what the large one will say: its parts, under names of their own. */
import { formats } from '../contract/index.ts';
import { UsageError } from '../errors.ts';
import { piecesOf, type Tokenizer } from '../model/index.ts';
import { configOf, type QuantizedModel, resolveBlob } from '../quantize/index.ts';
import type { MemoryItem } from './memory.ts';
import { cacheTraffic, trafficOf } from './traffic.ts';

const PREFIX = 'draft.';
/** How often it runs for a token that is told: about half of what it guesses is right. */
const RUNS_PER_TOKEN = 1.5;

/** Positions that it can guess at, of so many of the large model's. */
export const drafterContext = ({ config }: QuantizedModel, context: number): number =>
  Math.min(context, config.context);

/** Everything that it needs memory for. */
export function drafterParts(
  model: QuantizedModel,
  context: number,
): Pick<MemoryItem, 'name' | 'bytes' | 'align'>[] {
  return drafterItems(model, context).map(({ name, bytes, align }) => ({ name, bytes, align }));
}

/** The same as items of a plan: where nothing is better kept in SRAM, it lies there. */
export function drafterItems(model: QuantizedModel, context: number): MemoryItem[] {
  const own = drafterContext(model, context);
  const often = ({ reads, writes }: { reads: number; writes: number }) => ({
    reads: RUNS_PER_TOKEN * reads,
    writes: RUNS_PER_TOKEN * writes,
  });
  return [
    ...model.blobs.map(
      (blob): MemoryItem => ({
        name: PREFIX + blob.name,
        purpose: 'weights',
        bytes: blob.bytes.length,
        align: Math.max(blob.align, 16),
        lifetime: 'loaded',
        memory: blob.memory,
        zero: false,
        ...often(trafficOf(model, blob)),
      }),
    ),
    ...model.buffers(own).map(
      (buffer): MemoryItem => ({
        name: PREFIX + buffer.name,
        purpose: buffer.purpose,
        bytes: buffer.bytes,
        align: Math.max(buffer.align, 16),
        lifetime: 'late',
        memory: buffer.memory,
        zero: true,
        ...often(cacheTraffic(model, buffer, own)),
      }),
    ),
  ];
}

/** Its blobs with each other's addresses filled in, by the items' names. */
export function drafterContents(
  model: QuantizedModel,
  addresses: ReadonlyMap<string, number>,
): Map<string, Uint8Array> {
  const own = ownAddresses(addresses);
  return new Map(model.blobs.map((blob) => [PREFIX + blob.name, resolveBlob(blob, own)]));
}

/** What its program imports otherwise than the large model's: core 0 runs it alone. */
export const drafterNumbers = (
  model: QuantizedModel,
  context: number,
  addresses: ReadonlyMap<string, number>,
): Record<string, number> => ({
  ...configOf(model, drafterContext(model, context), ownAddresses(addresses)),
  cores: 1,
});

const ownAddresses = (addresses: ReadonlyMap<string, number>): Map<string, number> =>
  new Map(
    [...addresses].flatMap(([name, address]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), address] as const] : [],
    ),
  );

const OTHER_TOKENIZER =
  'a model that guesses for another must have its tokenizer; train one with --tokenizer, naming the other model.';

/** @throws UsageError where two models cannot mean the same by a token */
export function checkDrafter(drafter: QuantizedModel, model: QuantizedModel): void {
  if (drafter.config.vocabulary !== model.config.vocabulary) throw new UsageError(OTHER_TOKENIZER);
  if (formats[drafter.precision].arithmetic !== 'fixed' || drafter.constants.zeros)
    throw new UsageError('a model that guesses must be int8 or int4, and its activation SiLU.');
}

/** @throws UsageError where the pieces of two vocabularies differ */
export function checkTokenizers(one: Tokenizer, other: Tokenizer): void {
  const [a, b] = [piecesOf(one).vocabulary, piecesOf(other).vocabulary];
  const same = a.length === b.length && a.every((piece, id) => equalBytes(piece, b[id]));
  if (!same) throw new UsageError(OTHER_TOKENIZER);
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
