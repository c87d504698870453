/**
 * Dropout (Srivastava et al. 2014) in place: every float is kept and multiplied by `factor`, or zero, as a hash of `key` and its index
 * says (lowbias32, Wellons 2018), so that the backward pass drops the same ones and nothing depends on who does what. Dropped is what
 * hashes to less than `threshold` of 2^31. count: a multiple of 4.
 */
export function dropout(x: usize, count: i32, key: i32, threshold: i32, factor: f32): void {
  const bytes = (<usize>count) << 2;
  const kept = f32x4.splat(factor);
  const limit = i32x4.splat(threshold);
  const four = i32x4.splat(4);
  let lanes = i32x4.add(i32x4.splat(key), i32x4(0, 1, 2, 3));
  for (let o: usize = 0; o < bytes; o += 16) {
    let hash = v128.xor(lanes, i32x4.shr_u(lanes, 16));
    hash = i32x4.mul(hash, i32x4.splat(0x7feb352d));
    hash = v128.xor(hash, i32x4.shr_u(hash, 15));
    hash = i32x4.mul(hash, i32x4.splat(<i32>0x846ca68b));
    hash = v128.xor(hash, i32x4.shr_u(hash, 16));
    const keep = i32x4.ge_s(i32x4.shr_u(hash, 1), limit);
    v128.store(x + o, v128.and(f32x4.mul(v128.load(x + o), kept), keep));
    lanes = i32x4.add(lanes, four);
  }
}
