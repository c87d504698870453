/** How the layers of a model are shared out between boards. */
import { formats } from '../../contract/index.ts';
import { FailureError, UsageError } from '../../errors.ts';
import { partOf, type QuantizedModel } from '../../quantize/index.ts';
import { SRAM } from '../memory.ts';
import { modelItems } from '../model-items.ts';
import { digestBytes } from '../status.ts';
import { streamWordsOf } from './items.ts';

/** Of SRAM, what the program needs beside model and cache, about. */
const PROGRAM_BYTES = 24 << 10;
const CAPACITY = SRAM.end - SRAM.start - PROGRAM_BYTES;

/** All ways to share `layers` out to `boards`, each getting one at least. */
function* shares(layers: number, boards: number): Generator<number[]> {
  if (boards === 1) return yield [layers];
  for (let first = 1; first <= layers - boards + 1; first++)
    for (const rest of shares(layers - first, boards - 1)) yield [first, ...rest];
}

/** What a board's part moves, or must have in SRAM. */
const weightOf = (model: QuantizedModel, context: number): number =>
  modelItems(model, context)
    .filter(({ reads, bytes, memory }) => memory === 'sram' || reads > bytes / 16)
    .reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * The model's parts by board. As little as can be lies beyond SRAM; of such shares, that whose fullest board is emptiest.
 * @throws UsageError where there are more boards than layers, and for per-layer embeddings in f32
 */
export function splitModel(model: QuantizedModel, boards: number, context: number): QuantizedModel[] {
  const { layers, layerEmbeddings } = model.config;
  if (layerEmbeddings && formats[model.precision].arithmetic === 'float')
    throw new UsageError(
      'the model has per-layer embeddings, which go to several boards in int8 and int4 alone; give --precision int8 or leave --boards out',
    );
  if (layers < boards)
    throw new UsageError(
      `the model has ${layers} layer${layers === 1 ? '' : 's'}, and each of ${boards} boards takes one at least; give --boards ${layers} at most`,
    );
  const common = { ...fingerprint(model), ...streamOf(model), boards, of: layers };
  const known = new Map<string, { part: QuantizedModel; weight: number }>();
  const partFor = (board: number, first: number, count: number) => {
    const key = `${board} ${first} ${count}`;
    const before = known.get(key);
    if (before) return before;
    const sliced = partOf(model, { ...common, board, first, layers: count });
    const made = { part: sliced, weight: weightOf(sliced, context) };
    known.set(key, made);
    return made;
  };
  let best: { parts: QuantizedModel[]; cost: readonly [beyond: number, fullest: number] } | undefined;
  for (const counts of shares(layers, boards)) {
    let first = 0;
    const along = counts.map((count, index) => {
      const made = partFor((index + 1) % boards, first, count);
      first += count;
      return made;
    });
    const weights = along.map(({ weight }) => weight);
    const cost = [
      weights.reduce((sum, weight) => sum + Math.max(0, weight - CAPACITY), 0),
      Math.max(...weights),
    ] as const;
    if (best && (cost[0] > best.cost[0] || (cost[0] === best.cost[0] && cost[1] >= best.cost[1]))) continue;
    best = { parts: [along[boards - 1], ...along.slice(0, -1)].map(({ part }) => part), cost };
  }
  if (!best) throw new FailureError('no layers'); // there is one share at least
  return best.parts;
}

/** Of fixed arithmetic, three bytes say a component as long as none is 32 or more. */
const streamOf = ({ config, precision }: QuantizedModel) => ({
  dim: streamWordsOf(config),
  componentBytes: formats[precision].arithmetic === 'fixed' ? 3 : 4,
});

/** What tells a model from others, with its format. */
function fingerprint({ blobs, precision }: QuantizedModel): { word: number; bytes: number } {
  const digest = blobs.reduce(
    (digest, blob) => digestBytes(blob.bytes, digest),
    BigInt(formats[precision].code),
  );
  return {
    word: Number((digest ^ (digest >> 32n)) & 0xffff_ffffn) | 0,
    bytes: blobs.reduce((sum, blob) => sum + blob.bytes.length, 0),
  };
}
