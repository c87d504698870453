/**
 * exp for the sampler's softmax, in integers only, so that chip and host cannot disagree: 2^-y by a table of 2^(i/32) and a
 * polynomial of degree 4, to about 31 bits. Rounds as a correctly rounded expf does but for one value in a few hundred,
 * and there by one unit in the last place (measured in src/firmware/host.test.ts).
 */

/** log2(e) * 2^39. */
const LOG2E: u64 = 0xb8_aa3b_295c;
// ln(2)^k / k! * 2^32, the Taylor series of 2^r.
const C1: u32 = 0xb172_17f8;
const C2: u32 = 0x3d7f_7bff;
const C3: u32 = 0x0e35_846b;
const C4: u32 = 0x0276_556e;

// @ts-ignore: decorator
@inline
function high(a: u32, b: u32): u32 {
  return <u32>((<u64>a * <u64>b) >> 32);
}

/** round(2^(i/32) * 2^31), i = 0...31: within a function, so that programs without it have no table either. */
// @ts-ignore: decorator
@inline
function powers(): usize {
  return memory.data<u32>([
    0x80000000, 0x82cd8699, 0x85aac368, 0x88980e81, 0x8b95c1e4, 0x8ea4398b, 0x91c3d374, 0x94f4efa9,
    0x9837f052, 0x9b8d39ba, 0x9ef53261, 0xa2704303, 0xa5fed6aa, 0xa9a15ab5, 0xad583eea, 0xb123f582,
    0xb504f334, 0xb8fbaf47, 0xbd08a39f, 0xc12c4cca, 0xc5672a11, 0xc9b9bd86, 0xce248c15, 0xd2a81d92,
    0xd744fccb, 0xdbfbb798, 0xe0ccdeec, 0xe5b906e7, 0xeac0c6e8, 0xefe4b99c, 0xf5257d15, 0xfa83b2db,
  ]);
}

/** e^x for x <= 0; 0 for everything below -104 and for NaN. */
export function exp(x: f32): f32 {
  const bits = reinterpret<u32>(x);
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude < 0x3300_0000) return 1; // 2^-25: closer to 1 than any other single
  if (magnitude > 0x42d0_0000) return 0;

  // y = -x * log2(e) with 32 fraction bits; e^x = 2^(-whole) * 2^(-fraction) = 2^(-whole - 1) * 2^g.
  const mantissa = (bits & 0x7f_ffff) | 0x80_0000;
  const y = (<u64>mantissa * LOG2E) >> (157 - (magnitude >> 23));
  let exponent = 127 - <i32>(y >> 32);
  const g: u32 = 0 - <u32>y;
  if (g) exponent--;

  const rest = (g & 0x7ff_ffff) as u32;
  const series = high(rest, C1 + high(rest, C2 + high(rest, C3 + high(rest, C4))));
  const power = load<u32>(powers() + (<usize>(g >> 27) << 2));
  const value = power + high(power, series); // 2^g * 2^31, in [2^31, 2^32)

  if (exponent > 0) return reinterpret<f32>(((exponent - 1) << 23) + (value >> 8) + ((value >> 7) & 1));
  const shift = 9 - exponent; // subnormal
  return shift > 31 ? 0 : reinterpret<f32>(((value >> (shift - 1)) + 1) >> 1);
}
