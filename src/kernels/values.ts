/**
 * Weighted sums of values: the weights of up to 96 positions stay in registers, and the values of one component stream past
 * them. Longer contexts take several such panels; between them the sums wait in memory as ACCX has them.
 */
import { type AR, type Assembler, a1, qRegisters } from '../xtensa/index.ts';

/** Bytes of a group of 16 positions. */
const GROUP = 16;
/** Groups of a full panel. */
const PANEL = 6;
/** Bytes of a saved ACCX. */
export const SUM = 8;

export interface ValueRegisters {
  values: AR;
  /** In the last panel the place of the sums to store. */
  weights: AR;
  groups: AR;
  /** Where the sums of the panels before wait, component by component; one register goes along, the other stays. */
  sums: AR;
  firstSum: AR;
  /** From a group to the next, and from the last one back to the first group's next component, in bytes. */
  stride: AR;
  back: AR;
  /** Of the sums, when they leave. */
  shift: AR;
  /** A component's sum, shifted. */
  sum: AR;
}

export interface Sums {
  headSize: number;
  /** Offset in the frame. */
  out: number;
}

const [v0, v1] = qRegisters.slice(PANEL);

/** Loads the panel's weights and, for the first component, its first two registers of values. */
function startPanel(asm: Assembler, groups: number, headSize: number, r: ValueRegisters): void {
  for (let g = 0; g < groups; g++) asm.ee_vld_128_ip(qRegisters[g], r.weights, GROUP);
  asm.movi(r.back, GROUP - (groups - 1) * headSize * GROUP);
  for (let i = 0; i < 2; i++)
    asm.ee_vld_128_xp(i ? v1 : v0, r.values, (i + 1) % groups === 0 ? r.back : r.stride);
  asm.movi(r.sum, headSize / 2);
}

/** Adds one component; `at` counts the registers of values since the loop's start. */
function component(asm: Assembler, groups: number, at: number, r: ValueRegisters): void {
  for (let g = 0; g < groups; g++) {
    const v = (at + g) % 2 ? v1 : v0;
    // What is loaded now is used two products later.
    asm.ee_vmulas_u8_accx_ld_xp(v, r.values, (g + 3) % groups === 0 ? r.back : r.stride, qRegisters[g], v);
  }
}

/** A panel that others follow. `r.values` ends at the next panel. */
function fullPanel(asm: Assembler, first: boolean, headSize: number, r: ValueRegisters): void {
  startPanel(asm, PANEL, headSize, r);
  asm.mov(r.sums, r.firstSum);
  asm.loop(r.sum, () => {
    for (let i = 0; i < 2; i++) {
      if (first) asm.ee_zero_accx();
      else asm.ee_ld_accx_ip(r.sums, 0);
      component(asm, PANEL, i * PANEL, r);
      asm.ee_st_accx_ip(r.sums, SUM);
    }
  });
  // The loads were two ahead: the address stands at the third group of the component behind the panel's first group.
  asm.addx2(r.values, r.stride, r.values);
  asm.add(r.values, r.values, r.stride);
  asm.addi(r.groups, r.groups, -PANEL);
}

/**
 * The last panel, of 1 to 6 groups: shifted sums go to the frame from `out` on, s16; two bytes before it are written, too. `first` if
 * it is the only one.
 */
function lastPanel(
  asm: Assembler,
  first: boolean,
  groups: number,
  { headSize, out }: Sums,
  r: ValueRegisters,
): void {
  const to = r.weights;
  startPanel(asm, groups, headSize, r);
  asm.addi(to, a1, out - 2);
  if (first) asm.ee_zero_accx();
  else asm.mov(r.sums, r.firstSum);
  asm.loop(r.sum, () => {
    for (const i of [0, 1] as const) {
      if (!first) asm.ee_ld_accx_ip(r.sums, SUM);
      component(asm, groups, i * groups, r);
      asm.s16i(r.sum, to, 2 * i); // the one before, in a cycle that is free
      asm.ee_srs_accx(r.sum, r.shift, 0);
      if (first) asm.ee_zero_accx();
    }
    asm.addi(to, to, 4);
  });
  asm.s16i(r.sum, to, 0);
}

/** Shifted sums of all components: s16 (headSize), in the frame from `sums.out` on. */
export function weightedSums(asm: Assembler, sums: Sums, r: ValueRegisters): void {
  const { headSize } = sums;
  const finish = asm.label('finish');
  /** The last panel, by its size. */
  const choose = (first: boolean): void => {
    const sizes = Array.from({ length: PANEL }, (_, i) => asm.label(`panel${first ? 'Alone' : ''}${i + 1}`));
    for (let n = 1; n < PANEL; n++) asm.beqi(r.groups, n, sizes[n - 1]);
    for (let n = PANEL; n >= 1; n--) {
      asm.place(sizes[n - 1]);
      lastPanel(asm, first, n, sums, r);
      if (n > 1 || !first) asm.j(finish);
    }
  };
  const [alone, more, last] = [asm.label('alone'), asm.label('more'), asm.label('lastPanel')];
  asm.blti(r.groups, PANEL + 1, alone);
  fullPanel(asm, true, headSize, r);
  asm.place(more);
  asm.blti(r.groups, PANEL + 1, last);
  fullPanel(asm, false, headSize, r);
  asm.j(more);
  asm.place(last);
  choose(false);
  asm.place(alone);
  choose(true);
  asm.place(finish);
}
