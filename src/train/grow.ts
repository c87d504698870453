/**
 * A larger model that begins as a smaller one: what it computes is the same at first, and all that is new in it can learn (Net2Net, Chen
 * et al., arXiv:1511.05641; new layers as copies that add nothing yet: LLaMA Pro, Wu et al., arXiv:2401.02415).
 */
import { UsageError } from '../errors.ts';
import { createRandom, type Random } from './random.ts';
import { type LayerTensors, parametersOf, type Shape, type Tensor } from './shape.ts';
import { flatten, type Teacher } from './teachers.ts';

/** For each row or column of the larger tensor its place in the smaller one; -1: it is new. */
type Places = Int32Array;

/**
 * The weights (as parametersOf lays them out) of a model of `shape` that computes what `from` does, up to the epsilon of its norms.
 * @throws UsageError where the one does not fit into the other
 */
export function grow(from: Teacher, shape: Shape, seed: number): Float32Array {
  const small = from.model.config;
  checkFit(from.name, small, shape);
  const source = flatten(from);
  const old = parametersOf(small);
  const { count, embedding, classifier, layers, finalNorm, tables } = parametersOf(shape);
  const weights = new Float32Array(count);
  const random = createRandom(seed);
  const places = placesOf(small, shape);
  const copy = (to: Tensor, tensor: Tensor, rows: Places, columns: Places, fill?: Random) =>
    copyMatrix(
      weights.subarray(to.offset),
      source.subarray(tensor.offset),
      tensor.columns,
      rows,
      columns,
      fill,
    );
  const copyNorm = (to: Tensor, tensor: Tensor) => {
    // The mean is over more elements, of which the new ones are zero.
    const gain = Math.sqrt(small.dim / shape.dim);
    const gains = source.subarray(tensor.offset, tensor.offset + small.dim).map((value) => value * gain);
    const middle = gains.reduce((sum, value) => sum + value, 0) / gains.length;
    weights.fill(middle, to.offset, to.offset + shape.dim).set(gains, to.offset);
  };
  copy(embedding, old.embedding, places.tokens, places.dim);
  if (classifier !== embedding) copy(classifier, old.classifier, places.tokens, places.dim);
  copyNorm(finalNorm, old.finalNorm);
  // Rows behind layers that are new, and of a model that had none, are zero.
  const copyTable = (behind: number, was: number) => {
    if (tables[behind] && old.tables[was]) copy(tables[behind], old.tables[was], places.tokens, places.dim);
  };
  copyTable(0, 0);
  let next = 0;
  layers.forEach((to, i) => {
    const isOld = i === placeOfLayer(next, small.layers, shape.layers);
    if (isOld) next++;
    const tensors = old.layers[next - 1];
    copyNorm(to.attentionNorm, tensors.attentionNorm);
    copyNorm(to.ffnNorm, tensors.ffnNorm);
    for (const [name, rows] of readers) copy(to[name], tensors[name], places[rows], places.dim, random);
    if (!isOld) return; // a copy, but wo and w2 are zero
    copy(to.wo, tensors.wo, places.dim, places.queries);
    copy(to.w2, tensors.w2, places.dim, places.hidden);
    copyTable(i + 1, next);
  });
  return weights;
}

/** What reads the residual stream, and what its rows are. */
const readers = [
  ['wq', 'queries'],
  ['wk', 'keys'],
  ['wv', 'keys'],
  ['w1', 'hidden'],
  ['w3', 'hidden'],
] as const satisfies readonly (readonly [keyof LayerTensors, string])[];

/** Layer `i` of `few` among `many`, the first one first. */
const placeOfLayer = (i: number, few: number, many: number): number => Math.floor((i * many) / few);

/** Copies what has a place; of the rest, what reads gets small random weights, what writes none. */
function copyMatrix(
  to: Float32Array,
  from: Float32Array,
  fromColumns: number,
  rows: Places,
  columns: Places,
  fill?: Random,
): void {
  const deviation = 1 / Math.sqrt(columns.length);
  let at = 0;
  for (const row of rows)
    for (const column of columns) {
      if (row >= 0 && column >= 0) to[at] = from[row * fromColumns + column];
      else if (fill) to[at] = deviation * fill.normal();
      at++;
    }
}

function placesOf(small: Shape, shape: Shape) {
  const headSize = shape.dim / shape.heads;
  const group = shape.heads / shape.kvHeads;
  const smallGroup = small.heads / small.kvHeads;
  const first = (count: number, of: number) =>
    Int32Array.from({ length: of }, (_, i) => (i < count ? i : -1));
  const queries = Int32Array.from({ length: shape.dim }, (_, row) => {
    const head = Math.floor(row / headSize);
    const [keys, member] = [Math.floor(head / group), head % group];
    if (keys >= small.kvHeads || member >= smallGroup) return -1;
    return (keys * smallGroup + member) * headSize + (row % headSize);
  });
  return {
    tokens: first(small.vocabulary, shape.vocabulary),
    dim: first(small.dim, shape.dim),
    queries,
    keys: first(small.kvHeads * headSize, shape.kvHeads * headSize),
    hidden: first(small.hiddenDim, shape.hiddenDim),
  };
}

/** @throws UsageError naming what does not fit */
function checkFit(name: string, small: Shape, shape: Shape): void {
  const wrong = (text: string): never => {
    throw new UsageError(`train: ${name} cannot grow into that shape: ${text}.`);
  };
  for (const size of ['dim', 'hiddenDim', 'layers', 'kvHeads'] as const)
    if (shape[size] < small[size]) wrong(`its ${size} is ${small[size]}, not ${shape[size]} or less`);
  const heads = (of: Shape) => ({ size: of.dim / of.heads, group: of.heads / of.kvHeads });
  if (heads(shape).size !== heads(small).size)
    wrong(`its heads have ${heads(small).size} floats, not ${heads(shape).size}`);
  if (heads(shape).group < heads(small).group)
    wrong(`${heads(small).group} of its heads share keys, not ${heads(shape).group}`);
  if (small.layerEmbeddings && !shape.layerEmbeddings)
    wrong('it has per-layer embeddings; give --layer-embeddings');
  for (const same of ['vocabulary', 'activation', 'sharedClassifier'] as const)
    if (shape[same] !== small[same]) wrong(`its ${same} is ${small[same]}, not ${shape[same]}`);
}
