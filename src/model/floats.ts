/** Numbers of tensors as IEEE singles. */
import type { StoredTensor } from './safetensors.ts';

/** Elements of a tensor as singles, by its type. */
const DECODERS: Readonly<Record<string, (view: DataView, index: number) => number>> = {
  F32: (view, index) => view.getFloat32(4 * index, true),
  F16: (view, index) => fromHalf(view.getUint16(2 * index, true)),
  BF16: (view, index) => fromBrain(view.getUint16(2 * index, true)),
};

/** IEEE half precision. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const HALF_BITS = 10;
const LEAST_EXPONENT = -14;
const LARGEST_HALF = 65504;

/** The nearest half of a finite number, ties to even; what is larger than the largest half becomes that one. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), LARGEST_HALF);
  const exponent = Math.max(LEAST_EXPONENT, size > 0 ? Math.floor(Math.log2(size)) : LEAST_EXPONENT);
  const steps = size / 2 ** (exponent - HALF_BITS);
  const below = Math.floor(steps);
  const rest = steps - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // A fraction that overflows carries into the exponent by itself.
  return sign | (((exponent - LEAST_EXPONENT) << HALF_BITS) + rounded);
}

const word = new DataView(new ArrayBuffer(4));
/** The upper half of a single. */
export function fromBrain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** All elements of a tensor as singles. @param refuse told what is wrong, for a sentence that begins with the file's name */
export function readFloats(
  tensor: string,
  { dtype, shape, bytes }: StoredTensor,
  refuse: (what: string) => never,
): Float32Array {
  const decode = Object.hasOwn(DECODERS, dtype) ? DECODERS[dtype] : undefined;
  if (!decode)
    return refuse(
      `tensor ${tensor} has the type ${dtype}; supported are ${Object.keys(DECODERS).join(', ')}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < out.length; i++) {
    out[i] = decode(view, i);
    if (!Number.isFinite(out[i])) {
      refuse(`tensor ${tensor} holds ${out[i]} at element ${i}; the weights are damaged, export them again`);
    }
  }
  return out;
}
