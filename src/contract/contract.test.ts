import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SRAM_DATA } from '../chip/soc/memory-map.ts';
import { entries } from './component.ts';
import { constants } from './constants.ts';
import { parseFormula, type Scope } from './formula.ts';
import { type KernelRow, kernels } from './kernels.ts';
import { memoryBases } from './memory.ts';
import { records } from './record.ts';
import { typeOf } from './render/assemblyscript.ts';
import { generatedFiles } from './render/index.ts';
import { type Arithmetic, sizes, sizesOf } from './sizes.ts';
import { panicFrame, status, teamwork } from './status.ts';
import { placeFields, type Structure, structureBytes } from './structure.ts';
import { buffers, scratch } from './working.ts';

const root = new URL('../../', import.meta.url);
const source = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('generated files', () => {
  it.each([...generatedFiles().keys()])('%s is up to date (npm run generate:contract)', (path) => {
    expect(source(path)).toBe(generatedFiles().get(path));
  });
  it('are all there is in device/contract', () => {
    const there = readdirSync(new URL('device/contract/', root)).map((name) => `device/contract/${name}`);
    expect(there.sort()).toEqual(
      [...generatedFiles().keys()].filter((path) => path.startsWith('device')).sort(),
    );
  });
});

describe('formulas', () => {
  const scope: Scope = {
    number: (name) => ({ n: 21, half: 1 })[name]!,
    call: (name, [a, b]) => (name === 'max' ? Math.max(a, b) : a),
  };
  it.each([
    ['2 + 3 * 4 - 1', 13],
    ['(n + 15) & ~15', 32],
    ['half ? (n + 1) >> 1 : 0', 11],
    ['-n / 2', -10],
    ['1 << 3 + 1', 16],
    ['max(n, 2 * n)', 42],
  ])('%s is %i', (text, value) => {
    expect(parseFormula(text)(scope)).toBe(value);
  });
  it('mean the same as in JavaScript', () => {
    const leaf = fc.integer({ min: 0, max: 1000 }).map(String);
    const { formula } = fc.letrec<{ formula: string }>((tie) => ({
      formula: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc
          .tuple(fc.constantFrom('+', '-', '*', '>>', '&'), tie('formula'), tie('formula'))
          .map(([operator, a, b]) => (operator === '>>' ? `(${a}) >> 3 ` : `${a} ${operator} (${b})`)),
        fc.tuple(tie('formula'), tie('formula'), tie('formula')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        tie('formula').map((a) => `~(${a})`),
      ),
    }));
    fc.assert(
      fc.property(formula, (text) => {
        // biome-ignore lint/security/noGlobalEval: arithmetic that this test has made
        const expected = globalThis.eval(text) as number;
        fc.pre(Math.abs(expected) < 2 ** 31);
        expect(parseFormula(text)(scope)).toBeCloseTo(expected, 0);
      }),
    );
  });
  it.each(['2 +', '(1', 'max(1,2', '1 2', '$'])('%s is refused', (text) => {
    expect(() => parseFormula(text)).toThrow(/formula/);
  });
  it('name only what is there', () => {
    for (const arithmetic of ['fixed', 'float'] as const) {
      const shape = {
        dim: 64,
        hiddenDim: 172,
        layers: 5,
        heads: 8,
        kvHeads: 4,
        vocabulary: 512,
        context: 100,
      };
      const { evaluate } = sizesOf(arithmetic, shape);
      for (const { bytes } of [
        ...Object.values(buffers[arithmetic]),
        ...Object.values(scratch[arithmetic]),
      ]) {
        expect(evaluate(bytes.replace('SCRATCH', '16'))).toBeGreaterThan(0);
      }
    }
  });
});

const shapes = fc
  .record({
    size: fc.integer({ min: 1, max: 32 }).map((n) => 2 * n),
    kvHeads: fc.integer({ min: 1, max: 6 }),
    group: fc.integer({ min: 1, max: 4 }),
    hiddenDim: fc.integer({ min: 1, max: 1100 }),
    vocabulary: fc.integer({ min: 259, max: 5000 }),
    context: fc.integer({ min: 1, max: 2000 }),
    layers: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ size, kvHeads, group, ...rest }) => ({
    ...rest,
    kvHeads,
    heads: kvHeads * group,
    dim: size * kvHeads * group,
  }));

describe('scratch', () => {
  it('begins every region that holds vectors at a multiple of 16', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom<Arithmetic>('fixed', 'float'), (shape, arithmetic) => {
        const { evaluate } = sizesOf(arithmetic, shape);
        let offset = 0;
        for (const [name, { bytes }] of Object.entries(scratch[arithmetic])) {
          if (!/^(activationScale|queryFactor|logitUnit|largestLogit|largestTile|candidateCount)$/.test(name))
            expect(offset % 16, name).toBe(0);
          offset += evaluate(bytes);
        }
      }),
    );
  });
});

describe('names', () => {
  it('are unique within a generated file', () => {
    for (const arithmetic of ['fixed', 'float'] as const) {
      const names = [
        ...Object.keys(scratch[arithmetic]),
        ...Object.values<Structure>(records[arithmetic]).flatMap(({ fields }) => Object.keys(fields)),
        ...Object.keys({ ...sizes.common, ...sizes[arithmetic] }),
      ];
      expect(new Set(names).size, arithmetic).toBe(names.length);
    }
  });
  it('of record words are three in a row for every matrix of the fixed arithmetic', () => {
    const places = new Map(placeFields(records.fixed.layer).map(({ name, offset }) => [name, offset]));
    for (const matrix of ['qkv', 'out', 'gateUp', 'down']) {
      expect(places.get(`${matrix}Scales`)).toBe(places.get(matrix)! + 4);
      expect(places.get(`${matrix}Shift`)).toBe(places.get(matrix)! + 8);
    }
  });
});

describe('structures', () => {
  it('put 64-bit fields at multiples of 8, and nothing overlaps', () => {
    for (const structure of [
      status,
      teamwork,
      panicFrame,
      ...Object.values(records.fixed),
      records.float.layer,
    ]) {
      let end = 0;
      for (const { offset, bytes, type } of placeFields(structure)) {
        expect(offset).toBeGreaterThanOrEqual(end);
        expect(offset % (type === 'u64' ? 8 : 4)).toBe(0);
        end = offset + bytes;
      }
      expect(structureBytes(structure)).toBeGreaterThanOrEqual(end);
    }
  });
});

describe('twins', () => {
  const twins = readdirSync(new URL('device/kernels/', root))
    .map((name) => source(`device/kernels/${name}`))
    .join('\n');

  it.each(Object.entries(kernels as Record<string, KernelRow>))(
    '%s has the signature of the contract',
    (name, row) => {
      const found = new RegExp(`^export function ${name}\\(([^)]*)\\): (\\w+)`, 'm').exec(twins);
      const parameters = found?.[1]
        .split(',')
        .map((text) => text.trim())
        .filter((text) => text !== '');
      expect(parameters).toEqual(
        Object.entries(row.parameters).map(([parameter, how]) => `${parameter}: ${typeOf(how)}`),
      );
      expect(found?.[2]).toBe(row.result ? 'i32' : 'void');
    },
  );
  it('are all in the contract', () => {
    const exported = [
      ...twins.matchAll(
        /^export function (\w+_\w+|normalize|quantize|rope|scores|softmax|values|swiglu|reglu)\(/gm,
      ),
    ];
    for (const [, name] of exported) expect(Object.keys(kernels)).toContain(name);
  });
});

describe('the chip', () => {
  it('has its data RAM where the device program expects it', () => {
    expect(memoryBases.chip.address).toBe(SRAM_DATA.address);
  });
  it('holds the limits that the constants name', () => {
    expect(constants.LANE_LIMIT.value).toBe(2 ** 19 - 1);
    expect(constants.LARGEST_DIM.value * 2 ** 28).toBeLessThan(2 ** 39);
    expect((constants.LARGEST_DIM.value + 16) * 2 ** 28).toBeGreaterThanOrEqual(2 ** 39);
  });
});

describe('the component', () => {
  it('has an export for every entry', () => {
    const program = source('device/component.ts');
    const exported = [...program.matchAll(/^export function (\w+)\(/gm)].map(([, name]) => name);
    expect(exported.sort()).toEqual(Object.keys(entries).sort());
  });
});
