/**
 * `<xtensa/config/core-isa.h>` for kernels that ask what the core has (the HAL's names), as far as the instruction table
 * answers it: who has the header of the vendor's toolchain names its folder with -I, and gets that.
 */
import { opcodeByName } from '../../table.ts';

/** A feature and an instruction that only cores with it have. */
const features: readonly (readonly [feature: string, instruction: string])[] = [
  ['DENSITY', 'add.n'],
  ['LOOPS', 'loop'],
  ['WINDOWED', 'entry'],
  ['BOOLEANS', 'andb'],
  ['FP', 'madd.s'],
  ['MAC16', 'mula.aa.ll'],
  ['MUL16', 'mul16s'],
  ['MUL32', 'mull'],
  ['MUL32_HIGH', 'mulsh'],
  ['DIV32', 'quos'],
  ['NSA', 'nsau'],
  ['MINMAX', 'min'],
  ['SEXT', 'sext'],
  ['CLAMPS', 'clamps'],
  ['ABS', 'abs'],
  ['ADDX', 'addx4'],
  ['L32R', 'l32r'],
  ['CONST16', 'const16'],
  ['S32C1I', 's32c1i'],
  ['RELEASE_SYNC', 'l32ai'],
  ['THREADPTR', 'rur.threadptr'],
  ['EXTERN_REGS', 'rer'],
  ['FP_DIV', 'div0.s'],
  ['FP_SQRT', 'sqrt0.s'],
];

/** What no instruction tells: widths in bytes; the core loads and stores unaligned words itself. */
const numbers: Readonly<Record<string, number>> = {
  HAVE_BE: 0,
  NUM_AREGS: 64,
  INST_FETCH_WIDTH: 4,
  DATA_WIDTH: 16,
  UNALIGNED_LOAD_HW: 1,
  UNALIGNED_STORE_HW: 1,
};

export function coreHeader(): string {
  const has = features.map(([feature, instruction]) => [
    `HAVE_${feature}`,
    opcodeByName.has(instruction) ? 1 : 0,
  ]);
  const lines = [...has, ...Object.entries(numbers)].map(([name, value]) => `#define XCHAL_${name} ${value}`);
  return `#pragma once\n${lines.join('\n')}\n`;
}
