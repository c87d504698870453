/** The text of translations, compiled to WebAssembly and run by the host as the JavaScript that it is: both must do the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemory } from '../../bus/index.ts';
import { createCoreState } from '../state.ts';
import { joinLinker } from './linker.ts';
import { hostFunctions } from './testing.ts';

const memory = createMemory(0x10000);
const state = createCoreState(0, memory);
const calls: number[][] = [];
const caller = {
  functions: {
    ...hostFunctions(),
    '$X.note': (a: number, b: number) => {
      calls.push([a, b]);
      return a ^ b;
    },
    '$X.fail': (a: number) => {
      throw new Error(String(a));
    },
    '$X.caught': () => {
      state.time[6] = 0;
      caller.error = undefined;
      return 77;
    },
  },
  time: state.time,
  error: undefined as unknown,
};
const { linker, activate } = joinLinker(memory, 0, caller);
activate();

/** Registers and memory that the text can reach, and what it returned. */
interface Outcome {
  readonly result: number;
  readonly registers: number[];
  readonly bytes: number[];
  readonly calls: number[][];
}

function outcome(run: () => number, registers: readonly number[]): Outcome {
  state.ar.set(registers);
  memory.bytes.fill(0, 0, 64);
  calls.length = 0;
  const result = run();
  return { result, registers: [...state.ar], bytes: [...memory.bytes.subarray(0, 64)], calls: [...calls] };
}

const asJavaScript = (text: string): (() => number) => {
  const bytes = memory.bytes;
  const views = {
    $AR: state.ar,
    $FI: state.fpu.bits,
    fpu_f: state.fpu.f,
    $M8: bytes,
    $MS8: new Int8Array(memory.arena, 0, 64),
    $M16: new Uint16Array(memory.arena, 0, 32),
    $MS16: new Int16Array(memory.arena, 0, 32),
    $M32: new Int32Array(memory.arena, 0, 16),
    $X: {
      note: caller.functions['$X.note'],
      fail: caller.functions['$X.fail'],
      caught: caller.functions['$X.caught'],
      highSigned: (x: number, y: number) => Number(BigInt.asIntN(32, (BigInt(x) * BigInt(y)) >> 32n)),
    },
  };
  return () => new Function(...Object.keys(views), text)(...Object.values(views)) | 0;
};

function same(text: string, registers: readonly number[]): void {
  const [{ run }] = linker.link([linker.compile(text)]);
  const compiled = outcome(() => run(state.base), registers);
  expect(compiled, text).toEqual(outcome(asJavaScript(text), registers));
}

const number = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, 1, -1, 31, 32, 0x7fffffff, -0x80000000, 0x8000, 255),
);

/** An integer expression of variables $a0 … $a3 and numbers; with `depth`, deeper ones. */
const expression = (depth: number): fc.Arbitrary<string> => {
  const leaf = fc.oneof(
    fc.constantFrom(
      '$a0',
      '$a1',
      '$a2',
      '$a3',
      '$AR[5]',
      '$AR[($a0+3)&7]',
      '$MS8[$a1&31]',
      '$M16[($a2&62)>>1]',
    ),
    number.map((value) => (value < 0 ? `(${value})` : `${value}`)),
  );
  if (depth === 0) return leaf;
  const inner = expression(depth - 1);
  const two = fc.tuple(inner, inner);
  return fc.oneof(
    two.map(([a, b]) => `((${a}+${b})|0)`),
    two.map(([a, b]) => `(${a}&${b})`),
    two.map(([a, b]) => `((${a}|${b})^${b})`),
    two.map(([a, b]) => `(${a}<<(${b}&31))`),
    two.map(([a, b]) => `(${a}>>${b})`),
    two.map(([a, b]) => `((${a}>>>${b})|0)`),
    two.map(([a, b]) => `(${a}<${b}?${a}:${b})`),
    two.map(([a, b]) => `((${a}>>>0)<(${b}>>>0)?${a}:${b})`),
    two.map(([a, b]) => `(${a}===${b}&&${a}!==0?1:(${b}^5))`),
    two.map(([a, b]) => `Math.imul(${a},${b})`),
    two.map(([a, b]) => `$X.highSigned(${a},${b})`),
    two.map(([a, b]) => `$X.note(${a},${b})`),
    two.map(([a, b]) => `($t=${a},$t>=0?$t:($u=${b},$u))`),
    inner.map((a) => `(Math.clz32(${a})-32|0)`),
    inner.map((a) => `((-${a})|0)`),
    inner.map((a) => `(~${a})`),
    two.map(([a, b]) => `(${b}===0?3:(${a}/${b})|0)`),
    two.map(([a, b]) => `(${b}===0?3:((${a}>>>0)%(${b}>>>0))|0)`),
    two.map(([a, b]) => `(Math.fround(Math.abs(${a}*1.5e3)+(${b}>>>0))>7.5e2?${a}:${b})`),
  );
};

const HEAD = 'let $a0=$AR[0],$a1=$AR[1],$a2=$AR[2],$a3=$AR[3],$t=0,$u=0,$pc=0;';

describe('the text of translations', () => {
  it('computes what JavaScript computes', () => {
    fc.assert(
      fc.property(
        expression(3),
        expression(2),
        fc.array(number, { minLength: 8, maxLength: 8 }),
        (a, b, registers) => {
          same(
            `${HEAD}$AR[9]=${a};$M16[4]=${b};$AR[8]=$AR[9]=$AR[9]^${b};return (${a}^$AR[9])|0;`,
            registers,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('leaves loops and blocks where JavaScript leaves them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 8, maxLength: 8 }), (registers) => {
        same(
          `${HEAD}$exit:{L1:for(;;){B2:{if($a0>$a1){$a2=($a2+7)|0;break B2;}if($a2>90){$pc=1;break $exit;}` +
            '$a0=($a0+3)|0;continue L1;}$a1=($a1+2)|0;if($a2<60){continue L1;}else{const pie$t=$a3;$pc=pie$t;break $exit;}}}' +
            '$AR[0]=$a0;$AR[1]=$a1;$AR[2]=$a2;return $pc;',
          registers,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('goes on behind catch when a function of the host fails, with its variables as they were', () => {
    const text = `${HEAD}try{$exit:{$a0=($a0+1)|0;$a1=($a2+$X.fail(5))|0;$a0=99;}}catch{$pc=$X.caught();}$AR[0]=$a0;$AR[1]=$a1;return $pc;`;
    same(text, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(state.ar[0]).toBe(2);
  });

  it('reaches places whose address is a sum, and does one thing after another in one statement', () => {
    for (const a0 of [0, 3, 13])
      same(
        `${HEAD}$M8[(($a0&7)+$a1)|0]=201,$MS16[6]=-2;$AR[2]=$MS8[($a0&7)+$a1];$AR[3]=$M32[($a2>>2)+3];` +
          '$t=$M16[(($a1>>1)+1)],$AR[4]=$t;$a0=($a0+1)|0,$a1=($a1+$a0)|0;$AR[0]=$a0;$AR[1]=$a1;return 0;',
        [a0, 20, 4],
      );
  });

  it('reads memory only where the text comes to it', () => {
    for (const a0 of [-5, 5])
      same(`${HEAD}$AR[1]=($a0>=0?$M8[$a0|0]:7);$AR[2]=($a0>=0&&$MS8[$a0|0]===0?1:2);return 0;`, [a0]);
  });

  it.each([
    '$AR[0]=$a0+$a1<3?1:0;return 0;',
    '$AR[0]=(($a0>>>0)<$a1)?1:0;return 0;',
    '$AR[0]=(3*$a0%$a1)|0;return 0;',
    '$AR[0]=(($a0>>>0)>-5)?1:0;return 0;',
    '$AR[0]=nothing;return 0;',
    '$AR[0]=$X.unheard(1);return 0;',
  ])('does not guess: %s', (text) => {
    expect(() => linker.compile(HEAD + text)).toThrow();
  });
});
