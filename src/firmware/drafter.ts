/** A second, small model in the same memory, that guesses what the large one will say: its parts, under names of their own. */
import { compareBytes } from '../bytes.ts';
import { formats } from '../contract/index.ts';
import { UsageError } from '../errors.ts';
import { piecesOf, type Tokenizer } from '../model/index.ts';
import { configOf, KNOWN_WORDS, type QuantizedModel, resolveBlob, windowOf } from '../quantize/index.ts';
import type { MemoryItem } from './memory.ts';
import { modelItems } from './model-items.ts';
import { recentTokens } from './system.ts';

const PREFIX = 'draft.';
/** How often it runs for a pass of the large model, by which traffic is counted. */
const RUNS_PER_PASS = 5;

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
  const guessing = { ...model, blobs: blobsOf(model) };
  return [
    ...modelItems(guessing, drafterContext(model, context), PREFIX, RUNS_PER_PASS),
    recentTokens(PREFIX),
  ];
}

/** Those that guesses need: whether their words are known is seen when they are checked. */
const blobsOf = ({ blobs }: QuantizedModel): QuantizedModel['blobs'] =>
  blobs.filter(({ name }) => name !== KNOWN_WORDS);

/** Its blobs with each other's addresses filled in, by the items' names. */
export function drafterContents(
  model: QuantizedModel,
  addresses: ReadonlyMap<string, number>,
): Map<string, Uint8Array> {
  const own = ownAddresses(addresses);
  return new Map(blobsOf(model).map((blob) => [PREFIX + blob.name, resolveBlob(blob, own)]));
}

/** What its program imports otherwise than the large model's. */
export function drafterNumbers(
  model: QuantizedModel,
  context: number,
  addresses: ReadonlyMap<string, number>,
): Record<string, number> {
  const own = ownAddresses(addresses);
  return { ...configOf(model, drafterContext(model, context), own), recent: own.get('recent')! };
}

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
  if (windowOf(drafter.config, drafter.config.context) > 0)
    throw new UsageError('a model that guesses must go back over what it read, which local layers cannot.');
}

/** @throws UsageError where the pieces of two vocabularies differ */
export function checkTokenizers(one: Tokenizer, other: Tokenizer): void {
  const [a, b] = [piecesOf(one).vocabulary, piecesOf(other).vocabulary];
  const same = a.length === b.length && a.every((piece, id) => compareBytes(piece, b[id]) === 0);
  if (!same) throw new UsageError(OTHER_TOKENIZER);
}
