/**
 * Padding and halving of the work: functions of the model's shape, the same on both sides. Half 0 of everything is core 0's,
 * half 1 core 1's; a single core does both, one after the other.
 */
import { value } from './constants.ts';
import { parseFormula, type Scope } from './formula.ts';

export interface SizeFunction {
  parameters: readonly string[];
  formula: string;
  meaning: string;
}

const size = (parameters: string, formula: string, meaning: string): SizeFunction => ({
  parameters: parameters.split(' ').filter((name) => name !== ''),
  formula,
  meaning,
});

/** Where each function is generated to: `common` for all programs, the others for one arithmetic. */
export const sizes = {
  common: {
    pad4: size('n', '(n + 3) & ~3', 'To whole registers of f32.'),
    pad8: size('n', '(n + 7) & ~7', 'To whole registers of s16.'),
    pad16: size('n', '(n + 15) & ~15', 'To whole registers of s8.'),
    headSize: size('', 'dim / heads', 'Components of a head.'),
    firstOf: size('half count', 'half * ((count + 1) >> 1)', 'First item of a half, of `count` items.'),
    countOf: size(
      'half count',
      'half ? count >> 1 : (count + 1) >> 1',
      'Items of a half, of `count`: half 0 takes the odd one.',
    ),
  },
  fixed: {
    contextPadded: size('', 'pad16(context)', 'Positions of the KV cache: groups of 16.'),
    pairsOf: size(
      'heads',
      'pad8((countOf(0, heads) * headSize()) >> 1)',
      "Even members of the rotated pairs of a half's heads; as many odd ones lie behind them.",
    ),
    valueRows: size('', 'pad16(countOf(0, kvHeads) * headSize())', 'Value rows of a half.'),
    qkvRows: size(
      '',
      '2 * pairsOf(heads) + 2 * pairsOf(kvHeads) + valueRows()',
      "Rows of a half's query, key and value block: both halves are padded to the same size.",
    ),
    hiddenHalf: size(
      '',
      'zeros + (2 - gates) ? pad16((hiddenDim + 1) >> 1) : pad8((hiddenDim + 1) >> 1)',
      'Hidden units of either half: so that what is read by units, or has no other rows beside it, fills whole registers.',
    ),
    firstRow: size(
      'half rows',
      'half * pad16((pad16(rows) + 1) >> 1)',
      'First row of a half, of `rows` rows of a matrix that is cut in the middle.',
    ),
    rowsOf: size(
      'half rows',
      'half ? pad16(rows) - firstRow(1, rows) : firstRow(1, rows)',
      'Rows of a half, a multiple of 16.',
    ),
    widest: size('', 'max(pad16(dim), 2 * hiddenHalf())', 'Elements of the longest vector.'),
    gateRows: size('', 'zeros ? hiddenHalf() : gates * hiddenHalf()', 'Rows of gateUp of either half.'),
    listBytes: size('units', '16 + 2 * units', 'Of a list of active units, of so many (a multiple of 16).'),
    sumsBytes: size('', '4 * rowsOf(0, dim)', "Of stored sums of a half's rows of the down matrix."),
    mostRows: size(
      '',
      'max(max(qkvRows(), gateRows()), max(LOGIT_TILE, (zeros ? 3 : 1) * rowsOf(0, dim)))',
      'Rows of the largest product of a half; with `zeros` there is room for sums behind those of the down matrix.',
    ),
    laneStream: size(
      '',
      '4 * pad16(dim) + 2 * READ_AHEAD',
      "Bytes of a lane's residual stream, s32 (dim): it begins with it.",
    ),
    laneAttention: size(
      '',
      '2 * pad16(dim) + READ_AHEAD',
      'Bytes of what attention gives, s16 (dim): behind it.',
    ),
    laneActivations: size(
      '',
      '16 + widest() + READ_AHEAD',
      'Bytes of its activations, s8, behind 16 that hold their scale (f32) and the token (i32): behind that.',
    ),
    laneRows: size(
      '',
      '4 * max(qkvRows(), gateRows()) + READ_AHEAD',
      'Bytes of its rows, s16 (half, query, key and value rows or gate and up rows): last.',
    ),
    tileRows: size(
      'rowBytes',
      'max(16, (TILE_BYTES / rowBytes) & ~15)',
      'Rows of so many bytes that are brought in at a time for several lanes.',
    ),
    unitTile: size(
      '',
      'tileRows(pad16(dim))',
      'Hidden units whose rows of the up matrix, or columns of the down matrix, are brought in for several lanes.',
    ),
    laneLists: size(
      '',
      'listBytes(unitTile()) * ((hiddenHalf() + unitTile() - 1) / unitTile())',
      "Bytes of a lane's lists of a half's active units, one a tile.",
    ),
    laneUnits: size(
      '',
      'zeros ? 2 * laneLists() + max(8 * hiddenHalf(), 2 * sumsBytes()) + 2 * READ_AHEAD : 0',
      "Bytes of both halves' lists and of what their units hold, s32 (hidden), or sums of the down matrix: between activations and rows.",
    ),
    laneBytes: size(
      '',
      'laneStream() + laneAttention() + laneActivations() + laneUnits() + laneRows()',
      'Of what one position keeps in a pass of several.',
    ),
    productRest: size(
      '',
      'max(0, 2 * pad16(vocabulary) + READ_AHEAD - laneRows())',
      "Bytes of the classifier's products that a lane's rows, which are read by then, have no room for; where there are any, products lie apart.",
    ),
    layerRows: size('', 'layers + 1', 'Rows of per-layer embeddings that a token has.'),
    layerRow: size(
      '',
      '16 + pad16(dim)',
      'Bytes of a row of per-layer embeddings: what its unit is, s8 (dim).',
    ),
    queryLimit: size(
      '',
      'min(ACTIVATION_LIMIT, LANE_LIMIT / (128 * headSize()))',
      "Queries are held this small so that a score's lane of QACC cannot overflow.",
    ),
  },
  float: {
    contextPadded: size('', 'pad4(context)', 'Positions of the KV cache.'),
  },
} as const satisfies Record<string, Record<string, SizeFunction>>;

export type Arithmetic = 'fixed' | 'float';
type NameIn<A extends Arithmetic> = keyof (typeof sizes)['common'] | keyof (typeof sizes)[A];

/** The numbers that formulas may name. */
export const SHAPE = ['dim', 'hiddenDim', 'layers', 'heads', 'kvHeads', 'vocabulary', 'context'] as const;
export type ShapeNumbers = Readonly<Record<(typeof SHAPE)[number], number>> & {
  readonly zeros?: number;
  readonly gates?: number;
  /** Layers whose caches hold `window` positions alone; 0: all hold the context. */
  readonly windowed?: number;
  readonly window?: number;
};

const parsed = new Map<string, ReturnType<typeof parseFormula>>();

function formulaOf(text: string): ReturnType<typeof parseFormula> {
  const known = parsed.get(text) ?? parseFormula(text);
  parsed.set(text, known);
  return known;
}

export interface Sizes<A extends Arithmetic> {
  /** Value of a function of the table. */
  of(name: NameIn<A>, ...args: number[]): number;
  /** Value of any formula in its terms. */
  evaluate(formula: string): number;
}

const builtins: Readonly<Record<string, (a: number, b: number) => number>> = { max: Math.max, min: Math.min };

/** The size functions of an arithmetic for a model of this shape. */
export function sizesOf<A extends Arithmetic>(arithmetic: A, shape: ShapeNumbers): Sizes<A> {
  const functions: Readonly<Record<string, SizeFunction>> = { ...sizes.common, ...sizes[arithmetic] };
  const known: Readonly<Record<string, number>> = {
    ...{ zeros: 0, gates: 2, windowed: 0, window: 0 },
    ...value,
    ...shape,
  };
  const call = (name: string, args: readonly number[]): number => {
    const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (builtin) return builtin(args[0], args[1]);
    const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (found?.parameters.length !== args.length)
      throw new Error(`contract: ${name}/${args.length} is no size`);
    const given = new Map(found.parameters.map((parameter, i) => [parameter, args[i]]));
    return formulaOf(found.formula)(scope((name) => given.get(name) ?? outer(name)));
  };
  const outer = (name: string): number => {
    const found = known[name];
    if (found === undefined) throw new Error(`contract: a formula names ${name}, which nobody defines`);
    return found;
  };
  const scope = (number: Scope['number']): Scope => ({ number, call });
  return {
    of: (name, ...args) => call(name as string, args),
    evaluate: (formula) => formulaOf(formula)(scope(outer)),
  };
}
