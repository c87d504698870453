/**
 * Test oracle: arithmetic of the vector unit written straight from the "Operation" text of the TRM, with BigInts and no
 * regard for speed. Registers are 128-bit BigInts, QACC one of 320 bits (QACC_L lowest), memory a 128-bit word to load.
 */

export interface Model {
  readonly q: bigint[];
  qacc: bigint;
  /** Unsigned 40 bits. */
  accx: bigint;
  sar: bigint;
  sarByte: bigint;
  /** The word that a fused load finds, and what a fused store left. */
  loaded: bigint;
  stored: bigint | undefined;
}

const U = (bits: number, value: bigint) => BigInt.asUintN(bits, value);
const S = (bits: number, value: bigint) => BigInt.asIntN(bits, value);

const lane = (value: bigint, bits: number, i: number, signed: boolean): bigint => {
  const field = value >> BigInt(bits * i);
  return signed ? S(bits, field) : U(bits, field);
};

/** Register made of lanes, lowest first. */
const join = (bits: number, lanes: readonly bigint[]): bigint =>
  lanes.reduce((whole, value, i) => whole | (U(bits, value) << BigInt(bits * i)), 0n);

const lanesOf = (value: bigint, bits: number, signed: boolean, width = 128): bigint[] =>
  Array.from({ length: width / bits }, (_, i) => lane(value, bits, i, signed));

const clamp = (value: bigint, least: bigint, most: bigint) =>
  value < least ? least : value > most ? most : value;

const saturate = (value: bigint, bits: number, signed: boolean): bigint =>
  signed
    ? clamp(value, -(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n)
    : clamp(value, 0n, (1n << BigInt(bits)) - 1n);

const typeOf = (name: string) => {
  const [, sign, bits] = /\.([su])(8|16|32)/.exec(name)!;
  return { signed: sign === 's', bits: Number(bits) };
};

const inOrder = (x: bigint, y: bigint) => (x < y ? [x, y] : [y, x]);

const lanewise: Record<string, (x: bigint, y: bigint, bits: number) => bigint> = {
  vadds: (x, y, bits) => saturate(x + y, bits, true),
  vsubs: (x, y, bits) => saturate(x - y, bits, true),
  vmax: (x, y) => inOrder(x, y)[1],
  vmin: (x, y) => inOrder(x, y)[0],
  'vcmp.eq': (x, y) => (x === y ? -1n : 0n),
  'vcmp.lt': (x, y) => (x < y ? -1n : 0n),
  'vcmp.gt': (x, y) => (x > y ? -1n : 0n),
};

function accumulate(m: Model, name: string, x: bigint[], y: bigint[]): void {
  const { signed, bits } = typeOf(name);
  const products = x.map((value, i) => value * y[i]);
  if (name.includes('.accx')) {
    const total = products.reduce((sum, product) => sum + product, signed ? S(40, m.accx) : m.accx);
    m.accx = U(40, saturate(total, 40, signed));
    return;
  }
  const width = bits === 8 ? 20 : 40;
  const sums = lanesOf(m.qacc, width, signed, 320).map((value, i) =>
    saturate(value + products[i], width, signed),
  );
  m.qacc = join(width, sums);
}

type Step = (m: Model, name: string, operands: readonly number[], ar: (register: number) => bigint) => void;

/** x and y of `name` as lanes of its type. */
const sources = (m: Model, name: string, qx: number, qy: number): [bigint[], bigint[]] => {
  const { signed, bits } = typeOf(name);
  return [lanesOf(m.q[qx], bits, signed), lanesOf(m.q[qy], bits, signed)];
};

const multiplyAccumulate: Step = (m, name, operands) => {
  const fused = /\.(ld|ldbc)\./.test(name);
  const broadcast = name.includes('.ldbc.');
  const registers = fused ? operands.slice(broadcast ? 2 : 3) : operands;
  const [qx, qy, qs0, qs1] = registers;
  const pair = qs0 === undefined ? 0n : (m.q[qs1] << 128n) | m.q[qs0];
  accumulate(m, name, ...sources(m, name, qx, qy));
  if (qs0 !== undefined) m.q[qs0] = U(128, pair >> (8n * m.sarByte));
  if (!fused) return;
  const { bits } = typeOf(name);
  const element = lane(m.loaded, bits, 0, false);
  m.q[operands[0]] = broadcast ? join(bits, new Array(128 / bits).fill(element)) : m.loaded;
};

const multiplyByLane: Step = (m, name, operands) => {
  const fused = name.includes('.ld.');
  const [qx, qy, select] = fused ? operands.slice(2) : operands;
  const [x, y] = sources(m, name, qx, qy);
  accumulate(
    m,
    name,
    x,
    x.map(() => y[select]),
  );
  if (fused) m.q[operands[0]] = m.loaded;
};

const lanes: Step = (m, name, operands) => {
  const fused = /\.(ld|st)\./.test(name);
  const [qa, qx, qy] = fused ? operands.slice(2) : operands;
  const { bits } = typeOf(name);
  const [x, y] = sources(m, name, qx, qy);
  const operation = Object.keys(lanewise).find((key) => name.startsWith(`ee.${key}.`))!;
  if (name.includes('.st.')) m.stored = m.q[operands[0]];
  m.q[qa] = join(
    bits,
    x.map((value, i) => lanewise[operation](value, y[i], bits)),
  );
  if (name.includes('.ld.')) m.q[operands[0]] = m.loaded;
};

const multiply: Step = (m, name, operands) => {
  const fused = /\.(ld|st)\./.test(name);
  const [qz, qx, qy] = fused ? operands.slice(2) : operands;
  const { bits } = typeOf(name);
  const [x, y] = sources(m, name, qx, qy);
  if (name.includes('.st.')) m.stored = m.q[operands[0]];
  m.q[qz] = join(
    bits,
    x.map((value, i) => (value * y[i]) >> m.sar),
  );
  if (name.includes('.ld.')) m.q[operands[0]] = m.loaded;
};

const relu: Step = (m, name, [qs, ax, ay], ar) => {
  const { bits } = typeOf(name);
  const shift = U(bits === 8 ? 5 : 6, ar(ay));
  const factor = S(bits, ar(ax));
  m.q[qs] = join(
    bits,
    lanesOf(m.q[qs], bits, true).map((v) => (v <= 0n ? (v * factor) >> shift : v)),
  );
};

const parametricRelu: Step = (m, name, [qz, qx, qy, ay], ar) => {
  const { bits } = typeOf(name);
  const shift = U(bits === 8 ? 5 : 6, ar(ay));
  const [x, y] = sources(m, name, qx, qy);
  m.q[qz] = join(
    bits,
    x.map((v, i) => (v <= 0n ? (v * y[i]) >> shift : v)),
  );
};

const readLanes: Step = (m, name, [qu, as], ar) => {
  const { bits } = typeOf(name);
  const width = bits === 8 ? 20 : 40;
  const shift = U(bits === 8 ? 5 : 6, ar(as));
  const shifted = lanesOf(m.qacc, width, true, 320).map((v) => v >> shift);
  m.qacc = join(width, shifted);
  m.q[qu] = join(
    bits,
    shifted.map((v) => saturate(v, bits, true)),
  );
};

const moveToLanes: Step = (m, name, [qs]) => {
  const { signed, bits } = typeOf(name);
  m.qacc = join(bits === 8 ? 20 : 40, lanesOf(m.q[qs], bits, signed));
};

const shiftPair: Step = (m, name, [qa, qs0, qs1]) => {
  const moved = m.q[qs1];
  m.q[qa] = U(128, ((m.q[qs1] << 128n) | m.q[qs0]) >> (8n * m.sarByte));
  if (name.endsWith('.qup')) m.q[qs0] = moved;
};

const slide: Step = (m, name, [qs1, qs0, bytes]) => {
  const pair = (m.q[qs1] << 128n) | m.q[qs0];
  const by = 8n * BigInt(bytes + 1);
  const moved = name.includes('sl') ? pair << by : pair >> by;
  m.q[qs0] = U(128, moved);
  m.q[qs1] = U(128, moved >> 128n);
};

const zip: Step = (m, name, [qs0, qs1]) => {
  const bits = Number(/\d+$/.exec(name)![0]);
  const all = [...lanesOf(m.q[qs0], bits, false), ...lanesOf(m.q[qs1], bits, false)];
  const half = all.length / 2;
  const mixed = name.includes('unzip')
    ? [...all.filter((_, i) => i % 2 === 0), ...all.filter((_, i) => i % 2 === 1)]
    : all.map((_, i) => all[(i >> 1) + (i % 2) * half]);
  m.q[qs0] = join(bits, mixed.slice(0, half));
  m.q[qs1] = join(bits, mixed.slice(half));
};

const steps: readonly (readonly [RegExp, Step])[] = [
  [/^ee\.vmulas\./, multiplyAccumulate],
  [/^ee\.vsmulas\./, multiplyByLane],
  [/^ee\.(vadds|vsubs|vmax|vmin|vcmp)\./, lanes],
  [/^ee\.vmul\./, multiply],
  [/^ee\.vrelu\./, relu],
  [/^ee\.vprelu\./, parametricRelu],
  [/^ee\.srcmb\./, readLanes],
  [/^ee\.mov\.[su]\d+\.qacc$/, moveToLanes],
  [/^ee\.src\.q(\.qup)?$/, shiftPair],
  [/^ee\.s[lr]ci\.2q$/, slide],
  [/^ee\.vun?zip\.|^ee\.vzip\./, zip],
  [/^ee\.zero\.qacc$/, (m) => void (m.qacc = 0n)],
  [/^ee\.zero\.accx$/, (m) => void (m.accx = 0n)],
];

/** Whether the model has an instruction. */
export const isModelled = (name: string): boolean => steps.some(([pattern]) => pattern.test(name));

/** Executes one instruction; `ar` reads address registers. */
export function executeModel(
  model: Model,
  name: string,
  operands: readonly number[],
  ar: (register: number) => bigint,
): void {
  steps.find(([pattern]) => pattern.test(name))![1](model, name, operands, ar);
}
