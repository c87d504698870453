/**
 * Weighted sums of values: the weights of up to 96 positions stay in registers, and the values of one component stream past
 * them. Longer contexts take several such panels; between them the sums wait in memory as ACCX has them.
 */
import { type AR, type Assembler, a1, qRegisters } from '../xtensa/index.ts';
import { kernel } from './kernel.ts';

/** Bytes of a group of 16 positions. */
const GROUP = 16;
/** Groups of a full panel. */
const PANEL = 6;
/** Bytes of a saved ACCX. */
const SUM = 8;

interface Registers {
  values: AR;
  weights: AR;
  out: AR;
  reciprocal: AR;
  /** Where a component's sum of the panels before waits. */
  sums: AR;
  /** From a group to the next, and from the last one back to the first group's next component, in bytes. */
  stride: AR;
  back: AR;
  count: AR;
  shift: AR;
  a: AR;
  b: AR;
}

const [v0, v1] = qRegisters.slice(PANEL);

/** Loads the panel's weights and, for the first component, its first two registers of values. */
function startPanel(asm: Assembler, groups: number, headSize: number, r: Registers): void {
  for (let g = 0; g < groups; g++) asm.ee_vld_128_ip(qRegisters[g], r.weights, GROUP);
  asm.movi(r.back, GROUP - (groups - 1) * headSize * GROUP);
  for (let i = 0; i < 2; i++)
    asm.ee_vld_128_xp(i ? v1 : v0, r.values, (i + 1) % groups === 0 ? r.back : r.stride);
  asm.movi(r.count, headSize / 2);
  asm.addi(r.sums, a1, 0);
}

/** Adds one component; `at` counts the registers of values since the loop's start. */
function component(asm: Assembler, groups: number, at: number, r: Registers): void {
  for (let g = 0; g < groups; g++) {
    const v = (at + g) % 2 ? v1 : v0;
    // What is loaded now is used two products later.
    asm.ee_vmulas_s8_accx_ld_xp(v, r.values, (g + 3) % groups === 0 ? r.back : r.stride, qRegisters[g], v);
  }
}

/** A panel that others follow. `r.values` ends at the next panel. */
function fullPanel(asm: Assembler, headSize: number, r: Registers): void {
  startPanel(asm, PANEL, headSize, r);
  asm.loop(r.count, () => {
    for (let i = 0; i < 2; i++) {
      asm.ee_ld_accx_ip(r.sums, 0);
      component(asm, PANEL, i * PANEL, r);
      asm.ee_st_accx_ip(r.sums, SUM);
    }
  });
}

/** The last panel, of 1 to 6 groups: sums become outputs. */
function lastPanel(asm: Assembler, groups: number, headSize: number, r: Registers): void {
  startPanel(asm, groups, headSize, r);
  asm.loop(r.count, () => {
    asm.ee_ld_accx_ip(r.sums, SUM);
    component(asm, groups, 0, r);
    asm.addi(r.out, r.out, 4);
    asm.ee_srs_accx(r.a, r.shift, 0);
    asm.ee_ld_accx_ip(r.sums, SUM);
    component(asm, groups, groups, r);
    asm.slli(r.a, r.a, 3);
    asm.ee_srs_accx(r.b, r.shift, 0);
    asm.mulsh(r.a, r.a, r.reciprocal);
    asm.slli(r.b, r.b, 3);
    asm.s16i(r.a, r.out, 0);
    asm.mulsh(r.b, r.b, r.reciprocal);
    asm.s16i(r.b, r.out, 2);
  });
}

export const values = kernel(
  'values',
  (asm, { values, weights, groups, headSize: size, out, reciprocal }, { headSize }) => {
    const frame = Math.ceil((SUM * headSize) / 16) * 16;
    const { sums, stride, back, count } = asm.pool('AR', 'sums', 'stride', 'back', 'count');
    const r: Registers = {
      values,
      weights,
      out,
      reciprocal,
      sums,
      stride,
      back,
      count,
      shift: size,
      a: groups,
      b: weights,
    };
    asm.addi(a1, a1, -frame);
    asm.ee_zero_q(v0);
    asm.addi(sums, a1, 0);
    for (let i = 0; i < frame / 16; i++) asm.ee_vst_128_ip(v0, sums, 16);
    asm.movi(stride, GROUP * headSize);
    asm.movi(size, 0);
    asm.addi(out, out, -4);

    const more = asm.label('more');
    const last = asm.label('last');
    const finish = asm.label('finish');
    asm.place(more);
    asm.blti(groups, PANEL + 1, last);
    fullPanel(asm, headSize, r);
    // The loads were two ahead: the address stands at the third group of the component behind the panel's first group.
    asm.addx2(values, stride, values);
    asm.add(values, values, stride);
    asm.addi(groups, groups, -PANEL);
    asm.j(more);
    asm.place(last);
    const sizes = Array.from({ length: PANEL }, (_, i) => asm.label(`panel${i + 1}`));
    for (let n = 1; n < PANEL; n++) asm.beqi(groups, n, sizes[n - 1]);
    for (let n = PANEL; n >= 1; n--) {
      asm.place(sizes[n - 1]);
      lastPanel(asm, n, headSize, r);
      if (n > 1) asm.j(finish);
    }
    asm.place(finish);
    asm.addi(a1, a1, frame);
    asm.ret();
  },
);
