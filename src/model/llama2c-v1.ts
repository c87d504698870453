/**
 * llama2.c checkpoints of version 1 (float32) and 2 (Q8_0 groups): a 256-byte header beginning with "ak42".
 * Source of the layout: karpathy/llama2.c export.py `version1_export`, `version2_export`.
 */
import { FailureError } from '../errors.ts';
import { type ByteReader, byteReader } from './bytes.ts';
import { checkConfig } from './config.ts';
import {
  type GroupTensor,
  type GroupWeights,
  type LayerWeights,
  MATRICES,
  type MatrixName,
  type Model,
  type ModelConfig,
  matrixShape,
  parameterCount,
} from './types.ts';

/** "ak42" as a little-endian word. */
export const MAGIC = 0x616b3432;
const HEADER_BYTES = 256;

interface Header {
  config: ModelConfig;
  version: number;
  groupSize: number;
}

function readHeader(reader: ByteReader, name: string): Header {
  reader.i32();
  const version = reader.i32();
  if (version !== 1 && version !== 2) {
    throw new FailureError(
      `${name}: llama2.c checkpoint version ${version} is not known here (0, 1 and 2 are); export it as one of those`,
    );
  }
  const [dim, hiddenDim, layers, heads, kvHeads, vocabulary, context] = Array.from({ length: 7 }, () =>
    reader.i32(),
  );
  const shared = reader.u8();
  if (shared > 1)
    throw new FailureError(
      `${name}: the shared-classifier byte is ${shared}, not 0 or 1; the header is damaged`,
    );
  const config = checkConfig(
    {
      dim,
      hiddenDim,
      layers,
      heads,
      kvHeads,
      vocabulary,
      context,
      sharedClassifier: shared === 1,
      activation: 'silu',
    },
    name,
  );
  const groupSize = version === 2 ? reader.i32() : 0;
  if (version === 2) checkGroupSize(groupSize, config, name);
  reader.seek(HEADER_BYTES);
  return { config, version, groupSize };
}

/** llama2.c's exporter cuts each tensor into groups from its first element on, so that a group may run across rows. */
function checkGroupSize(groupSize: number, config: ModelConfig, name: string): void {
  const tensors = [...MATRICES.map((kind) => elements(config, kind)), config.vocabulary * config.dim];
  if (groupSize < 1 || tensors.some((count) => count % groupSize !== 0)) {
    throw new FailureError(
      `${name}: group size ${groupSize} does not divide the tensors of dim ${config.dim} and hidden ${config.hiddenDim}; the header is damaged`,
    );
  }
}

/** runq.c's integer arithmetic, group by group of a row, means something only where no group runs across rows. */
const groupsKeepToRows = ({ dim, hiddenDim }: ModelConfig, groupSize: number): boolean =>
  dim % groupSize === 0 && hiddenDim % groupSize === 0;

/** Bytes of the whole file: norms stay float32, matrices are float32 or int8 with one float32 scale a group. */
function expectedBytes({ config, version, groupSize }: Header): number {
  const parameters = parameterCount(config);
  const norms = config.dim * (2 * config.layers + 1);
  const perElement = version === 1 ? 4 : 1 + 4 / groupSize;
  return HEADER_BYTES + 4 * norms + (parameters - norms) * perElement;
}

/** Reads a version 1 or 2 checkpoint. @throws FailureError on any damage. */
export function readVersion1or2(bytes: Uint8Array, name: string): Model {
  const reader = byteReader(bytes, name);
  const header = readHeader(reader, name);
  const { config, groupSize } = header;
  const expected = expectedBytes(header);
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'is cut short' : 'has bytes left over';
    throw new FailureError(
      `${name}: ${fault}: its header calls for ${expected} bytes and it has ${bytes.length}; fetch or export it again`,
    );
  }
  const layers = Array.from({ length: config.layers }, () => ({}) as LayerWeights);
  for (const kind of ['attentionNorm', 'ffnNorm'] as const) {
    layers.forEach((layer, index) => {
      layer[kind] = reader.floats(config.dim, `${kind} of layer ${index}`);
    });
  }
  const finalNorm = reader.floats(config.dim, 'the final norm');
  const body =
    header.version === 1 ? readFloats(reader, config, layers) : readGroups(reader, config, layers, groupSize);
  return {
    config,
    weights: { tokenEmbedding: body.tokenEmbedding, layers, finalNorm, classifier: body.classifier },
    groups: body.groups,
    format:
      header.version === 1
        ? 'llama2.c version 1 (float32)'
        : `llama2.c version 2 (Q8_0, groups of ${groupSize})`,
  };
}

interface Body {
  tokenEmbedding: Float32Array;
  classifier: Float32Array;
  groups?: GroupWeights;
}

function elements(config: ModelConfig, name: MatrixName): number {
  const [rows, columns] = matrixShape(config, name);
  return rows * columns;
}

function readFloats(reader: ByteReader, config: ModelConfig, layers: LayerWeights[]): Body {
  const size = config.vocabulary * config.dim;
  const tokenEmbedding = reader.floats(size, 'the token embedding');
  for (const kind of MATRICES) {
    layers.forEach((layer, index) => {
      layer[kind] = reader.floats(elements(config, kind), `${kind} of layer ${index}`);
    });
  }
  return {
    tokenEmbedding,
    classifier: config.sharedClassifier ? tokenEmbedding : reader.floats(size, 'the classifier'),
  };
}

function readGroups(
  reader: ByteReader,
  config: ModelConfig,
  layers: LayerWeights[],
  groupSize: number,
): Body {
  const tensor = (count: number, what: string): GroupTensor => ({
    values: reader.int8s(count, what),
    scales: reader.floats(count / groupSize, `the scales of ${what}`),
  });
  const size = config.vocabulary * config.dim;
  const embedding = tensor(size, 'the token embedding');
  const groups = layers.map(() => ({}) as Record<MatrixName, GroupTensor>);
  for (const kind of MATRICES) {
    layers.forEach((layer, index) => {
      const read = tensor(elements(config, kind), `${kind} of layer ${index}`);
      groups[index][kind] = read;
      layer[kind] = dequantize(read, groupSize);
    });
  }
  const classifier = config.sharedClassifier ? embedding : tensor(size, 'the classifier');
  const tokenEmbedding = dequantize(embedding, groupSize);
  return {
    tokenEmbedding,
    classifier: config.sharedClassifier ? tokenEmbedding : dequantize(classifier, groupSize),
    groups: groupsKeepToRows(config, groupSize)
      ? { groupSize, tokenEmbedding: embedding, layers: groups, classifier }
      : undefined,
  };
}

/** The float32 values that an int8 group tensor stands for. */
function dequantize({ values, scales }: GroupTensor, groupSize: number): Float32Array {
  return Float32Array.from(values, (value, index) => value * scales[Math.floor(index / groupSize)]);
}
