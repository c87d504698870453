/**
 * The cycle model against published measurements. Each case names its source (docs/esp32-s3.md A and F) and how far the
 * model may be off; the table at the end of the run says how far it is.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { createTestMachine, DATA } from './test-machine.ts';
import { ladder, loopCycles, prepare, repeat } from './test-timing.ts';

interface Row {
  readonly name: string;
  readonly measured: number;
  readonly model: number;
}
/** By name; a test may run more than once, as with mutants, and the first time counts. */
const table = new Map<string, Row>();

function check(name: string, measured: number, model: number, tolerance: number) {
  if (!table.has(name)) table.set(name, { name, measured, model });
  expect(Math.abs(model - measured), `${name}: ${model}, measured ${measured}`).toBeLessThanOrEqual(
    tolerance,
  );
}

afterAll(() => {
  const lines = [...table.values()].map(({ name, measured, model }) => {
    const deviation = (((model - measured) / measured) * 100).toFixed(1);
    return `${name.padEnd(58)} ${measured.toFixed(2).padStart(10)} ${model.toFixed(2).padStart(10)} ${deviation.padStart(7)} %`;
  });
  console.log(`${'cycle model'.padEnd(58)}   measured      model deviation\n${lines.join('\n')}`);
});

describe('ladders (A3, ALICE on silicon)', () => {
  const cases: readonly [name: string, cycles: number, line: string, tolerance?: number][] = [
    ['add', 1, 'add a6, a4, a5'],
    ['dependent add', 1, 'add a4, a4, a5'],
    ['nsau', 1, 'nsau a6, a4'],
    ['clamps', 1, 'clamps a6, a4, 7'],
    ['mull, independent', 1, 'mull a6, a4, a5'],
    ['quou 291 / 7', 4, 'quou a6, a4, a5'],
    ['remu 291 / 7', 5, 'remu a6, a4, a5'],
    ['l32i, independent', 1, 'l32i a6, a2, 0'],
    ['s32i', 1, 's32i a4, a2, 0'],
    ['rsr.sar', 1, 'rsr.sar a6'],
    ['memw with an empty write buffer', 1, 'memw'],
    ['isync', 6.5, 'isync', 0.3],
    ['s32c1i', 6, 's32c1i a6, a2, 0'],
    ['not taken beqz', 1, 'beqz a4, . + 16'],
  ];
  for (const [name, cycles, line, tolerance = 0.02] of cases) {
    it(`${name} takes ${cycles}`, () => check(name, cycles, ladder(line), tolerance));
  }

  it('l32r with its literal in IRAM takes 1.75', () => {
    check('l32r', 1.75, ladder('l32r a6, start0', '  j 1f\n  .balign 4\nstart0: .word 1\n1:\n'), 0.02);
  });
  it('straight-line code of any length takes 1 per instruction', () => {
    check('narrow code', 1, ladder('add.n a6, a4, a5'), 0.02);
    check(
      'mixed code',
      1,
      ladder((index) => (index % 2 ? 'add.n a6, a4, a5' : 'add a6, a4, a5')),
      0.02,
    );
  });
  it('a taken branch takes 3', () => {
    check('taken beqz.n', 3, ladder('bnez.n a4, . + 4\n nop.n'), 0.02);
    check('j', 3, ladder('j . + 4\n  .byte 0'), 0.02);
  });
  it('call0 and ret take 6.5, half of the return addresses crossing a word', () => {
    const calls = `  mov a9, a0\n${repeat(256, 'call0 f')}  mov a0, a9\n  ret\n  .balign 4\nf: ret\n`;
    const cycles = createTestMachine(`start:\n${calls}`).run().cycles;
    check('call0 + ret', 6.5, (cycles - 5) / 256, 0.05);
  });
  it('a pointer chase takes 3 per step', () => {
    const machine = createTestMachine(`start:\n${repeat(64, 'addx4 a3, a4, a2\n  l32i a4, a3, 0')}  ret\n`);
    prepare(machine, { 2: DATA, 4: 0 });
    check('addx4 + l32i, dependent', 3, (machine.run().cycles - 3) / 64, 0.05);
  });
  it('a loop with a beqz taken or not takes 9.00 or 7.00 an iteration', () => {
    const body = '  beqz a4, 2f\n  nop\n  nop\n2:\n  addi a5, a5, 1\n  addi a6, a6, -1\n  bnez a6, 1b\n';
    const run = (taken: boolean) => {
      const machine = createTestMachine(`start:\n  .balign 4\n1:\n${body}  ret\n`);
      return prepare(machine, { 4: taken ? 0 : 1, 6: 4096 }).run().cycles / 4096;
    };
    // The source's own bodies are not published; what must agree is the price of a taken branch over two skipped nops.
    const taken = run(true);
    const notTaken = run(false);
    expect(taken - notTaken).toBeGreaterThanOrEqual(-0.01);
    expect(taken - notTaken).toBeLessThanOrEqual(1.01);
  });
});

describe('hazards (A3, A4, A5)', () => {
  it('a load used at once costs 1 more, one instruction later nothing', () => {
    check('load, use', 3, ladder('l32i a6, a2, 0\n  add a7, a6, a6'), 0.02);
    check('load, other, use', 3, ladder('l32i a6, a2, 0\n  nop\n  add a7, a6, a6'), 0.02);
  });
  it('mull and add take 3: 158.7 MOPS (WLED)', () => {
    check(
      'mull, add (WLED multiply-add)',
      240 / (158.7 / 2),
      ladder('mull a6, a4, a5\n  add a7, a7, a6'),
      0.05,
    );
  });
  it('small divisions take 2: 119 MOPS (WLED)', () => {
    check('quos, small (WLED)', 240 / 119, ladder('quos a6, a5, a5'), 0.05);
  });
  it('madd.s issues every cycle and is ready after 4 (FALCON, WLED)', () => {
    check(
      'madd.s, 4 accumulators (WLED 475.9 MFLOPS)',
      2 / (475.9 / 240),
      ladder((i) => `madd.s f${i % 4}, f8, f9`),
      0.05,
    );
    check('madd.s, one accumulator', 4, ladder('madd.s f0, f8, f9'), 0.05);
    check('add.s, ssi', 5, ladder('add.s f0, f8, f9\n  ssi f0, a2, 0'), 0.05);
  });
  it('FIR taps take 4 with one accumulator and 3 with two (FALCON)', () => {
    check('FIR, one accumulator', 4, ladder('lsi f1, a2, 0\n  lsi f2, a2, 4\n  madd.s f0, f1, f2'), 0.05);
    const two =
      'lsi f1, a2, 0\n  lsi f2, a2, 4\n  madd.s f0, f1, f2\n  lsi f3, a2, 0\n  lsi f4, a2, 4\n  madd.s f5, f3, f4';
    check('FIR, two accumulators', 3, ladder(two) / 2, 0.05);
  });
});

describe('vector unit (A5, DJ and COPY on silicon)', () => {
  const body = (line: string, count = 40) => loopCycles(repeat(count, line));

  it('40 vadds, vmul or vrelu take 40.9', () => {
    check('40 x ee.vadds.s16', 40.9, body('ee.vadds.s16 q0, q1, q2'), 1);
    check('40 x ee.vmul.s16', 40.9, body('ee.vmul.s16 q0, q1, q2'), 1);
  });
  it('a lone 128-bit store among 40 costs 0.6: 41.5', () => {
    const store = `${repeat(20, 'ee.vadds.s16 q0, q1, q2')}  ee.vst.128.ip q3, a2, 0\n${repeat(19, 'ee.vadds.s16 q0, q1, q2')}`;
    check('39 x ee.vadds.s16 and 1 store', 41.5, loopCycles(store), 0.6);
  });
  it('fused loads ride free: 41.9 to 42.2 for 41', () => {
    check('41 x fused .ld.incp', 42, body('ee.vadds.s16.ld.incp q4, a2, q0, q1, q2', 41), 1.2);
  });
  it('copies 16 bytes in 3.03 and 32 in 4.00', () => {
    check(
      'copy, 16 bytes',
      3.03,
      loopCycles('  ee.vld.128.ip q0, a2, 16\n  ee.vst.128.ip q0, a3, 16\n'),
      0.1,
    );
    const wide =
      '  ee.vld.128.ip q0, a2, 16\n  ee.vld.128.ip q1, a2, 16\n  ee.vst.128.ip q0, a3, 16\n  ee.vst.128.ip q1, a3, 16\n';
    check('copy, 32 bytes', 4.0, loopCycles(wide), 0.1);
  });
  it('multiply-accumulates chain at 1; reading ACCX at once costs 1', () => {
    check('ee.vmulas.s8.accx chain', 1, ladder('ee.vmulas.s8.accx q0, q1'), 0.02);
    check(
      'ee.vmulas.s8.accx, ee.srs.accx',
      3,
      ladder('ee.vmulas.s8.accx q0, q1\n  ee.srs.accx a6, a5, 0'),
      0.02,
    );
    check(
      'ee.vmulas.u16.qacc, ee.st.qacc_l',
      3,
      ladder('ee.vmulas.u16.qacc q0, q1\n  ee.st.qacc_l.l.128.ip a2, 0'),
      0.02,
    );
    // The structural hazard: also without any dependence.
    check('ee.vadds, ee.srs.accx', 3, ladder('ee.vadds.s16 q0, q1, q2\n  ee.srs.accx a6, a5, 0'), 0.02);
    check('ee.andq, ee.andq', 2, ladder('ee.andq q0, q1, q2\n  ee.andq q3, q0, q2'), 0.02);
  });
  it('ld.qr to st.qr of the same register costs nothing (DJ)', () => {
    check('ld.qr, st.qr', 2, ladder('ld.qr q0, a2, 0\n  st.qr q0, a3, 0'), 0.02);
  });
});

describe('published kernels (F1, ESP-DSP)', () => {
  it('f32 dot product of 256 takes 432', () => {
    const group = `
  ee.ldf.128.ip f11, f10, f9, f8, a2, 16
  ee.ldf.128.ip f15, f14, f13, f12, a3, 16
  madd.s f0, f8, f12
  madd.s f1, f9, f13
  madd.s f2, f10, f14
  madd.s f3, f11, f15
`;
    const machine = createTestMachine(`
start:
  movi a7, 64
  const.s f0, 0
  const.s f1, 0
  const.s f2, 0
  const.s f3, 0
  .balign 4
  nop.n
  loopnez a7, 1f
${group}
1:
  add.s f0, f0, f1
  add.s f2, f2, f3
  add.s f0, f0, f2
  ssi f0, a4, 0
  movi a2, 0
  ret
`);
    prepare(machine, { 2: DATA, 3: DATA + 4096, 4: DATA + 8192 });
    // The published figure has a windowed call and argument checks around it: some 20 cycles.
    check('dsps_dotprod_f32, 256', 432, machine.run().cycles, 25);
  });

  it('s16 dot product of 256 through MAC16 takes 307', () => {
    const four = `
  mula.dd.hh.ldinc m0, a2, m1, m3
  mula.dd.ll.ldinc m2, a3, m1, m3
  mula.dd.hh.ldinc m1, a2, m0, m2
  mula.dd.ll.ldinc m3, a3, m0, m2
`;
    const machine = createTestMachine(`
start:
  movi a7, 64
  ldinc m0, a2
  ldinc m2, a3
  ldinc m1, a2
  ldinc m3, a3
  .balign 4
  nop.n
  loopnez a7, 1f
${four}
1:
  rsr.acclo a6
  rsr.acchi a5
  ssai 15
  src a6, a5, a6
  s16i a6, a4, 0
  ret
`);
    prepare(machine, { 2: DATA, 3: DATA + 4096, 4: DATA + 8192 });
    check('dsps_dotprod_s16, 256', 307, machine.run().cycles, 45);
  });

  it('s8 dot product of 64 x 64 takes 689', () => {
    // Four groups of 16 products a row, each a fused multiply-accumulate-load and a load one group ahead; then both
    // pointers to the next row.
    const group = (x: string, y: string) =>
      `  ee.vld.128.ip q${y[1]}, a3, 16\n  ee.vmulas.s8.accx.ld.ip q${x[1]}, a2, 16, q${x[0]}, q${y[0]}\n`;
    const machine = createTestMachine(`
start:
  movi a7, 64
  movi a8, 16
  ee.zero.accx
  ee.vld.128.ip q0, a2, 16
  ee.vld.128.ip q1, a3, 16
  .balign 4
  nop.n
  loopnez a7, 1f
${group('02', '13')}${group('20', '31')}${group('02', '13')}${group('20', '31')}
  add a2, a2, a8
  add a3, a3, a8
1:
  movi a6, 7
  ee.srs.accx a5, a6, 0
  s8i a5, a4, 0
  ret
`);
    prepare(machine, { 2: DATA, 3: DATA + 0x8000, 4: DATA + 0x10000 });
    // The published code has a windowed call, argument checks and a rounding step around it.
    check('dspi_dotprod_s8, 64 x 64', 689, machine.run().cycles, 50);
  });
});

describe('all of it', () => {
  it('is off by what README says', () => {
    const rows = [...table.values()];
    const far = rows.filter(({ measured, model }) => Math.abs(model / measured - 1) > 0.025);
    expect([rows.length, far.map(({ name }) => name)]).toEqual([
      45,
      ['dsps_dotprod_f32, 256', 'dsps_dotprod_s16, 256', 'dspi_dotprod_s8, 64 x 64'],
    ]);
  });
});
