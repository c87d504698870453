/** Programs to begin with. */

export interface Example {
  readonly source: string;
  readonly registers?: string;
}

/** Names stand in the texts. */
export const examples = {
  vector: {
    source: `# 64 products of int8 numbers: 4 rounds of two loads and 16 multiply-adds
  .data
  .align 16
ones:   .fill 64, 1, 1
threes: .fill 64, 1, 3

  .text
  movi a4, ones
  movi a5, threes
  movi a6, 4
  ee.zero.accx
  loop a6, done
  ee.vld.128.ip q0, a4, 16
  ee.vld.128.ip q1, a5, 16
  ee.vmulas.s8.accx q0, q1
done:
  rur.accx_0 a2
  ret
`,
  },
  waits: {
    source: `# f0 times 1.5, 32 times over: each multiply waits for the one before
  movi a3, 32
  loop a3, done
  mul.s f0, f0, f1
done:
  ret
`,
    registers: 'f0=1 f1=1.5',
  },
  pipelined: {
    source: `# the same 32 factors in four products, which do not wait
  movi a3, 8
  mov.s f2, f0
  mov.s f3, f0
  mov.s f4, f0
  loop a3, done
  mul.s f0, f0, f1
  mul.s f2, f2, f1
  mul.s f3, f3, f1
  mul.s f4, f4, f1
done:
  mul.s f0, f0, f2
  mul.s f3, f3, f4
  mul.s f0, f0, f3
  ret
`,
    registers: 'f0=1 f1=1.5',
  },
  divide: {
    source: `# the greatest common divisor of a2 and a3
1: remu a4, a2, a3
  mov a2, a3
  mov a3, a4
  bnez a3, 1b
  ret
`,
    registers: 'a2=3528 a3=3780',
  },
} as const satisfies Readonly<Record<string, Example>>;

/** (func (export "gcd") (param i32 i32) (result i32) ...), by Euclid. */
const GCD =
  '0061736d0100000001070160027f7f017f030201000707010367636400000a24012201017f024003402001450d012000200170210220012100200221010c000b0b20000b';

export const exampleModule = {
  name: 'gcd.wasm',
  bytes: (): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(GCD.match(/../g)!, (byte) => Number.parseInt(byte, 16)),
  args: '3528 3780',
};
