/**
 * Nanoseconds per simulated vector instruction: `npx tsx bench/pie.ts`.
 *
 * Each case is a loop body of 32 instructions as the translator would emit them, over a 64 KB arena reached through a
 * page table, so the figures include address arithmetic, the table look-up and the fused loads.
 */
import { createPieState, type EmitContext, emitPie, pieBindings } from '../src/chip/pie/index.ts';
import { opcodeByName } from '../src/xtensa/index.ts';

const BODY = 32;
const ROUNDS = 4_000;
const MASK = 0xffff;

const page = (address: string) => `$p = $LM[${address} >>> 12];`;

const context: EmitContext = {
  pc: 0x40370000,
  ar: (index) => `$a${index}`,
  setAr: (index, value) => `$a${index} = ${value}`,
  fr: (index) => `$FI[${index}]`,
  setFr: (index, value) => `$FI[${index}] = ${value}`,
  sar: '$SR[3]',
  load8: (address) => `$M8[(${address} + $LM[${address} >>> 12])]`,
  load16: (address) => `$M16[(${address} + $LM[${address} >>> 12]) >> 1]`,
  loadWords: (address, targets) =>
    `${page(address)}if ($p !== 0) { $p = (${address} + $p) >> 2; ${targets.map((t, i) => `${t} = $M32[$p + ${i}];`).join('')} } else $X();`,
  storeWords: (address, values) =>
    `${page(address)}if ($p !== 0) { $p = (${address} + $p) >> 2; ${values.map((v, i) => `$M32[$p + ${i}] = ${v};`).join('')} } else $X();`,
  warnUnaligned: true,
};

/** Operands by name; registers rotate over the body so that loads run ahead of their use. */
function operandsOf(name: string, i: number): number[] {
  const q = (k: number) => (i + k) & 7;
  const values: Record<string, number> = {
    qu: q(4),
    qv: q(5),
    qx: q(0),
    qy: q(1),
    qz: q(4),
    qa: q(4),
    qs: q(3),
    qs0: q(2),
    qs1: q(3),
    as: 2 + (i & 1),
    ad: 4,
    au: 5,
    imm16: 16,
    imm16f: 16,
    sel8: i & 7,
    sel16: i & 15,
    fu0: 0,
    fu1: 1,
    fu2: 2,
    fu3: 3,
  };
  return opcodeByName
    .get(name)!
    .operands.map((o) => (o.name === 'as' && /src|srs/.test(name) ? 6 : (values[o.name] ?? 0)));
}

function measure(name: string): number {
  const state = createPieState();
  const arena = new ArrayBuffer(MASK + 1 + 4096);
  new Uint8Array(arena).forEach((_, i, bytes) => void (bytes[i] = (i * 167) & 255));
  // Addresses 0x3fc90000 … map to the arena.
  const loadMap = new Int32Array(2 ** 20);
  for (let at = 0; at <= MASK; at += 4096) loadMap[(0x3fc90000 + at) >>> 12] = -0x3fc90000 | 0;
  loadMap[0x3fca0000 >>> 12] = -0x3fc90000 | 0;
  const bindings: Record<string, unknown> = {
    ...pieBindings(state),
    $LM: loadMap,
    $M8: new Uint8Array(arena),
    $M16: new Uint16Array(arena),
    $M32: new Int32Array(arena),
    $FI: new Int32Array(16),
    $SR: new Int32Array(256),
    $X: () => {
      throw new Error('off the arena');
    },
  };
  const body = Array.from(
    { length: BODY },
    (_, i) => `{${emitPie(name, operandsOf(name, i), context)}}`,
  ).join('\n');
  const wrap = (register: string) => `${register} = 0x3fc90000 | (${register} & ${MASK & ~15});`;
  const source =
    `const {${Object.keys(bindings).join(', ')}} = $all; return function (rounds) {` +
    `let $p = 0, $a2 = 0x3fc90000, $a3 = 0x3fc98000, $a4 = 16, $a5 = 0, $a6 = 3;` +
    `for (let n = 0; n < rounds; n++) { ${wrap('$a2')} ${wrap('$a3')} ${body} } return $a5; }`;
  const run = new Function('$all', source)(bindings) as (rounds: number) => number;
  run(2000);
  run(2000);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    run(ROUNDS);
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1e6) / (ROUNDS * BODY);
}

const hottest = [
  'ee.vmulas.s8.accx.ld.ip',
  'ee.vmulas.s8.accx',
  'ee.vmulas.s16.accx.ld.ip',
  'ee.vmulas.s8.qacc.ld.ip',
  'ee.vmulas.s8.qacc.ldbc.incp',
  'ee.vmulas.s16.qacc.ld.ip',
  'ee.vsmulas.s8.qacc.ld.incp',
  'ee.vsmulas.s16.qacc.ld.incp',
  'ee.vld.128.ip',
  'ee.vst.128.ip',
  'ee.ldf.128.ip',
  'ee.vadds.s16',
  'ee.vmul.s16',
  'ee.srcmb.s8.qacc',
  'ee.srs.accx',
  'ee.zero.qacc',
];

const filter = process.argv[2];
for (const name of hottest.filter((n) => !filter || n.includes(filter))) {
  console.log(`${name.padEnd(32)} ${measure(name).toFixed(1).padStart(6)} ns`);
}
