/**
 * Per-layer embeddings: tables that stay in flash, of which a token reads its rows, one behind the other. The first of them is its embedding, with what
 * is added to that.
 */
import { layerRow, offsetOf, structureBytes, value } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import { type Model, quantizeRow } from '../model/index.ts';
import type { Layout } from './layout.ts';
import { blob } from './record.ts';
import type { Blob } from './types.ts';

/** Name of the blob: (vocabulary, layers + 1), rows of `layerRow()` bytes. */
export const LAYER_EMBEDDINGS = 'layerEmbeddings';

const HEADER = structureBytes(layerRow);
/** Bits of a mantissa, and those that the kernel has beyond it: it multiplies a byte as the upper one of a halfword. */
const MANTISSA_BITS = 15;
const BYTE_BITS = 8;
const LARGEST_SHIFT = 31;

/** int8 rows, each behind what its unit is; none for a model without. @throws FailureError for one that the residual stream does not hold */
export function packLayerEmbeddings({ config, weights }: Model, layout: Layout): Blob[] {
  if (!weights.layerEmbeddings) return [];
  const { dim, vocabulary } = config;
  const [first, ...others] = weights.layerEmbeddings;
  const tables = [first.map((x, i) => x + weights.tokenEmbedding[i]), ...others];
  const bytes = new Uint8Array(vocabulary * tables.length * layout.layerRow);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let token = 0; token < vocabulary; token++)
    for (const table of tables) {
      const row = table.subarray(token * dim, (token + 1) * dim);
      const scale = quantizeRow(row, new Int8Array(bytes.buffer, at + HEADER, dim));
      const { mantissa, shift } = unitOf(scale * 2 ** value.RESIDUAL_BITS);
      if (shift < 0)
        throw new FailureError(
          `the model cannot run on the chip: its per-layer embeddings of token ${token} are larger than its residual stream holds.`,
        );
      view.setInt32(at + offsetOf(layerRow, 'mantissa'), mantissa, true);
      view.setInt32(at + offsetOf(layerRow, 'shift'), shift, true);
      at += layout.layerRow;
    }
  return [blob(LAYER_EMBEDDINGS, bytes, 'flash')];
}

/** Factor by which the kernel multiplies a row of such a unit, in units of the residual stream. */
function unitOf(unit: number): { mantissa: number; shift: number } {
  if (unit === 0) return { mantissa: 0, shift: 0 };
  const shift = Math.min(LARGEST_SHIFT, BYTE_BITS + MANTISSA_BITS - 1 - Math.floor(Math.log2(unit)));
  const mantissa = Math.round(unit * 2 ** (shift - BYTE_BITS));
  return mantissa < 2 ** MANTISSA_BITS ? { mantissa, shift } : { mantissa: mantissa / 2, shift: shift - 1 };
}
