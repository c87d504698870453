/** How the operators round a multiply-add: `fused` once, `plain` twice. The bits of a model depend on it. */
export type MultiplyAdd = 'fused' | 'plain';

/** The operators (src/train/wasm), compiled: `plain` runs everywhere, `fused` where {@link fusesMultiplyAdd} holds. */
export interface TrainKernels {
  plain: WebAssembly.Module;
  fused?: WebAssembly.Module;
}

/**
 * (module (func (export "f") (result f32) (f32x4.extract_lane 0 (f32x4.relaxed_madd
 *   (f32x4.splat (f32.const 0x1.001p0)) (f32x4.splat (f32.const 0x1.001p0)) (f32x4.splat (f32.const -0x1.002p0))))))
 * The product is 1 + 2^-11 + 2^-24: rounded on its own it loses the last term, and the sum is 0.
 */
// biome-ignore format: bytes by section
const probe = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7d,
  0x03, 0x02, 0x01, 0x00,
  0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00,
  0x0a, 0x1f, 0x01, 0x1d, 0x00,
  0x43, 0x00, 0x08, 0x80, 0x3f, 0xfd, 0x13, 0x43, 0x00, 0x08, 0x80, 0x3f, 0xfd, 0x13,
  0x43, 0x00, 0x10, 0x80, 0xbf, 0xfd, 0x13, 0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b,
);

/** Whether this engine takes WebAssembly's relaxed SIMD. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(probe);

/** Whether its multiply-add rounds once: the engine has relaxed SIMD and the processor the instruction. */
export function fusesMultiplyAdd(): boolean {
  if (!hasRelaxedSimd()) return false;
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(probe)).exports;
  return (f as () => number)() !== 0;
}

/** The arithmetic to go on with: that of the run so far where it can be had here, the best one for a new run. */
export const multiplyAddFor = (kernels: TrainKernels, before?: MultiplyAdd): MultiplyAdd =>
  kernels.fused && before !== 'plain' ? 'fused' : 'plain';
