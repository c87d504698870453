/**
 * Division and square root, correctly rounded for all operands: the FPU's own sequences (Xtensa ISA manual, DIV0.S and SQRT0.S; the same
 * ones as in GCC's libgcc). One step a line: operation, format as in `machineInst`, operands by name or number.
 */

export interface FloatStep {
  readonly op: string;
  readonly format: string;
  readonly operands: readonly (string | number)[];
}

export interface FloatSequence {
  readonly steps: readonly FloatStep[];
  readonly inputs: readonly string[];
  readonly result: string;
  /** The f register of each name in the routine; names that live one after the other share one. */
  readonly registers: Readonly<Record<string, number>>;
}

const formats: Readonly<Record<string, string>> = {
  'maddn.s': 'xss', 'divn.s': 'xss', 'const.s': 'di', 'addexp.s': 'xs', 'addexpm.s': 'xs', 'mkdadj.s': 'xs',
}; // biome-ignore format: a table

function stepsOf(text: string): FloatStep[] {
  return text
    .trim()
    .split(/\s*[\n;]\s*/)
    .map((line) => {
      const [name, ...operands] = line.split(' ');
      const op = `${name}.s`;
      return {
        op,
        format: formats[op] ?? 'ds',
        operands: operands.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      };
    });
}

export const divideSequence: FloatSequence = {
  inputs: ['n', 'v'],
  result: 'q',
  registers: { q: 0, n: 1, v: 2, m: 2, m2: 2, y: 3, t: 3, d: 4, e: 5, e2: 5, r: 6, a: 7, s: 8 },
  steps: stepsOf(`
    div0 y v; nexp01 d v; const e 1; maddn e d y; mov r y; mov a v; nexp01 m n; maddn r e r
    const e2 1; const q 0; neg s m; maddn e2 d r; maddn q s y; mkdadj a n; maddn r e2 r; maddn s d q
    const t 1; maddn t d r; maddn q s r; neg m2 m; maddn r t r; maddn m2 d q
    addexpm q a; addexp r a; divn q m2 r`),
};

export const rootSequence: FloatSequence = {
  inputs: ['x'],
  result: 'q2',
  registers: {
    q: 0, q2: 0, x: 1, z: 1, y: 2, w: 2, j: 2, h: 3, g: 3, o: 3, p: 4, u: 4, k: 5, b: 6, c: 7,
  }, // biome-ignore format: a table
  steps: stepsOf(`
    sqrt0 y x; const h 0; maddn h y y; nexp01 p x; const q 3; addexp p q; maddn q h p; nexp01 g x
    neg k g; maddn y q y; const q2 0; const b 0; const c 0; maddn q2 k y; maddn b y p; const u 3
    maddn c u y; maddn g q2 q2; maddn u b y; neg w c; maddn q2 g w; maddn c u c; mksadj j x; nexp01 z x
    maddn z q2 q2; neg o c; addexpm q2 j; addexp o j; divn q2 z o`),
};
