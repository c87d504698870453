import { multiplyAdd } from './math';

/**
 * As many multiply-adds as the machine can do in WebAssembly SIMD: twelve independent accumulators in
 * registers, no memory. `rounds` times 12 * 4 lanes * 2 operations; the sum keeps the loop alive. Factor and summand come from
 * outside: constants are made anew at every use by newer engines (V8 of Node 24).
 */
export function multiplyAddPeak(rounds: i32, factor: f32, summand: f32): f32 {
  const x = f32x4.splat(factor);
  const y = f32x4.splat(summand);
  let a = f32x4.splat(1);
  let b = f32x4.splat(2);
  let c = f32x4.splat(3);
  let d = f32x4.splat(4);
  let e = f32x4.splat(5);
  let f = f32x4.splat(6);
  let g = f32x4.splat(7);
  let h = f32x4.splat(8);
  let i = f32x4.splat(9);
  let j = f32x4.splat(10);
  let k = f32x4.splat(11);
  let l = f32x4.splat(12);
  for (let round = 0; round < rounds; round++) {
    a = multiplyAdd(a, x, y);
    b = multiplyAdd(b, x, y);
    c = multiplyAdd(c, x, y);
    d = multiplyAdd(d, x, y);
    e = multiplyAdd(e, x, y);
    f = multiplyAdd(f, x, y);
    g = multiplyAdd(g, x, y);
    h = multiplyAdd(h, x, y);
    i = multiplyAdd(i, x, y);
    j = multiplyAdd(j, x, y);
    k = multiplyAdd(k, x, y);
    l = multiplyAdd(l, x, y);
  }
  const s = f32x4.add(
    f32x4.add(f32x4.add(a, b), f32x4.add(c, d)),
    f32x4.add(f32x4.add(e, f), f32x4.add(g, h)),
  );
  const t = f32x4.add(f32x4.add(i, j), f32x4.add(k, l));
  return f32x4.extract_lane(f32x4.add(s, t), 0);
}
