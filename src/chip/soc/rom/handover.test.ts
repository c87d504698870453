/**
 * What a program finds: registers, memory and peripherals as the ROM leaves them, whole. The figures are our own, kept; where the chip's ROM
 * is at hand, mask-rom.test.ts compares them with what that leaves.
 */
import { describe, expect, it } from 'vitest';
import { SR } from '../../core/index.ts';
import type { Chip } from '../chip.ts';
import { assembleSegment, bootChip, buildImage, type ImageSegment } from '../test-image.ts';

const hex = (value: number): string => (value >>> 0).toString(16);
const SPIN = assembleSegment('start: j start\n');
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 37) & 255);

/** Runs until core `core` is at its program. */
function started(flash: Uint8Array, core: 0 | 1 = 0): Chip {
  const { chip } = bootChip(flash);
  const { state } = chip.cores[core];
  chip.run({
    untilSeconds: 0.4,
    until: () => chip.cores[core].running && state.pc >>> 0 >= 0x40370000 && state.pc >>> 0 < 0x403e0000,
  });
  expect(hex(state.pc).slice(0, 5)).toBe('40378');
  return chip;
}

/** All that differs from zero. */
function stateOf({ cores }: Chip, core: 0 | 1): string {
  const { ar, special } = cores[core].state;
  const names = Object.entries(SR).filter(([name]) => !/ccount|epc1/.test(name));
  const shown = [
    ...Array.from(ar, (value, index): [string, number] => [`ar${index}`, value]),
    ...names.map(([name, number]): [string, number] => [name, special[number]]),
  ];
  const cells = shown.filter(([, value]) => value !== 0).map(([name, value]) => `${name} ${hex(value)}`);
  return `${cells.join(', ')}; attributes ${[...cores[core].dataAttributes].join(' ')}`;
}

/** Registers that the ROM writes, and their neighbours. */
const WRITTEN: readonly (readonly [first: number, last: number])[] = [
  [0x60000014, 0x60000024],
  [0x60000078, 0x60000078],
  [0x60002008, 0x60002020],
  [0x60003008, 0x6000303c],
  [0x600030dc, 0x600030dc],
  [0x60008090, 0x60008098],
  [0x60009070, 0x60009074],
  [0x600c0008, 0x600c0024],
  [0x600c206c, 0x600c206c],
  [0x600c4000, 0x600c4008],
  [0x600ce048, 0x600ce04c],
];
function registersOf({ peripherals }: Chip): string {
  const lines = WRITTEN.map(([first, last]) => {
    const { base, peripheral } = peripherals.blocks.find(
      (block) => first >= block.base && first < block.base + block.size,
    )!;
    const words = [];
    for (let at = first; at <= last; at += 4) words.push(hex(peripheral.read(at - base)));
    return `${hex(first)}: ${words.join(' ')}`;
  });
  return lines.join('\n');
}

describe('at the first instruction', () => {
  const image = buildImage({ segments: [{ address: 0x3fcb0000, data: bytes(60_004) }, SPIN] });

  it('core 0 finds', () => {
    const chip = started(image);
    expect(stateOf(chip, 0)).toMatchInlineSnapshot(
      `"ar12 80043ab9, ar13 3fceb570, ar14 40378000, ar15 3fceb670, ar16 3fceb55c, ar17 a9, ar20 80045c04, ar21 3fceb520, ar22 11, ar23 3ff1b1c2, ar25 10000, ar26 10000, ar27 eac0, lbeg 4004f705, lend 4004f709, sar 5, windowbase 3, windowstart 8, memctl 1, atomctl 15, cpenable ff, ps 60520, vecbase 40000000, prid cdcd; attributes 15 1 1 2 2 2 2 2"`,
    );
    expect(Buffer.from(chip.peek(0x3fceb560, 8)!).toString('hex')).toMatchInlineSnapshot(
      `"484c0340f0b6ce3f"`,
    );
    expect(Buffer.from(chip.peek(0x3fceb6e0, 8)!).toString('hex')).toMatchInlineSnapshot(
      `"0000000010b7ce3f"`,
    );
    expect(chip.cores[0].cycles).toMatchInlineSnapshot(`771410`);
  });

  it.each([
    ['DIO', 2, 0x2f],
    ['QIO at 40 MHz', 0, 0x20],
    ['FAST_RD at 20 MHz', 4, 0x22],
    ['SLOW_RD', 5, 0x2f],
  ])('peripherals are set: %s', (_name, mode, frequency) => {
    const chip = started(buildImage({ segments: [SPIN], header: { 2: mode, 3: frequency } }));
    expect(registersOf(chip)).toMatchSnapshot();
  });

  it('core 1 finds, called by the ROM and early', () => {
    const source = (early: string) => `
control: .word 0x600c0000
start:
  l32r a3, control
  movi a4, second
  s32i a4, a3, 4
  movi a4, ${early}
  s32i a4, a3, 0
1: j 1b
second:
  j second
`;
    const segment = assembleSegment(source('2'));
    const chip = started(buildImage({ segments: [segment], entry: segment.entry }), 1);
    expect(stateOf(chip, 1)).toMatchInlineSnapshot(
      `"ar1 3fced710, ar2 abab, ar3 abab, ar4 40034c48, ar5 3fced6f0, ar6 4037801a, ar7 600c0004, ar8 40057d3c, ar12 80043a46, windowbase 1, windowstart 3, memctl 1, atomctl 15, cpenable ff, ps 60020, vecbase 40000000, prid abab; attributes 15 1 1 2 2 2 2 2"`,
    );
  });
});

describe('an exception', () => {
  /** What is printed from the first line of the dump on. */
  function dump(segments: readonly ImageSegment[], entry?: number): string {
    const { chip, output } = bootChip(buildImage({ segments, entry }));
    chip.run({ untilSeconds: 0.3 });
    const text = output();
    return text.slice(text.indexOf('Guru')).replaceAll('\r', '');
  }

  it('of the copy loop, in the middle of a segment, is told with the registers of that loop', () => {
    const data = bytes(0x10);
    expect(dump([SPIN, { address: 0x3c000020, data }])).toMatchInlineSnapshot(`
      "Guru Meditation Error: Core 0 panic'ed (LoadStoreError)
      Core 0 register dump:
      PC      : 0x40045abc  PS      : 0x00060530  A0      : 0x80043ab9  A1      : 0x3fceb570
      A2      : 0x3c000020  A3      : 0x3fceb670  A4      : 0x3fceb648  A5      : 0x6fb5dae9
      A6      : 0x00000001  A7      : 0x3fceb55c  A8      : 0x00000000  A9      : 0x6f4a2500
      A10     : 0x3c80002c  A11     : 0x3c000020  A12     : 0x00000010  A13     : 0x00010000
      A14     : 0x00010000  A15     : 0x0000003c  SAR     : 0x00000005  EXCCAUSE: 0x00000003
      EXCVADDR: 0x3c000020  LBEG    : 0x4004f705  LEND    : 0x4004f709  LCOUNT  : 0x00000000

      Backtrace: 0x40045abc:0x3fceb570

      "
    `);
    expect(dump([SPIN, { address: 0x403dfff8, data }])).toMatchInlineSnapshot(`
      "Guru Meditation Error: Core 0 panic'ed (LoadStoreError)
      Core 0 register dump:
      PC      : 0x40045abc  PS      : 0x00060530  A0      : 0x80043ab9  A1      : 0x3fceb570
      A2      : 0x403dfff8  A3      : 0x3fceb670  A4      : 0x3fceb648  A5      : 0xfb192e55
      A6      : 0x00000001  A7      : 0x3fceb55c  A8      : 0x00000008  A9      : 0x97724d28
      A10     : 0x3c800034  A11     : 0x403e0000  A12     : 0x00000010  A13     : 0x00010000
      A14     : 0x00010000  A15     : 0x0000003c  SAR     : 0x00000005  EXCCAUSE: 0x00000003
      EXCVADDR: 0x403e0000  LBEG    : 0x4004f705  LEND    : 0x4004f709  LCOUNT  : 0x00000000

      Backtrace: 0x40045abc:0x3fceb570

      "
    `);
  });

  it('of the program, with its callers, as far as they are on the stack', () => {
    const source = `
caller: .word 0x80378013
start:
  entry a1, 48
  movi a5, 5
  call8 deeper
  .balign 4
deeper:
  entry a1, 64
  movi a6, 0x80000000
  call8 deepest
  .balign 4
deepest:
  entry a1, 32
  addi a4, a1, -16
  l32r a5, caller
  s32i a5, a4, 0
  addi a6, a1, 64
  s32i a6, a4, 4
  movi a3, 0
  addi a7, a6, -16
  s32i a3, a7, 0
  s32i a6, a7, 4
  l32i a3, a3, 40
1: j 1b
`;
    const segment = assembleSegment(source);
    expect(dump([segment], segment.entry)).toMatchInlineSnapshot(`
      "Guru Meditation Error: Core 0 panic'ed (LoadProhibited)
      Core 0 register dump:
      PC      : 0x4037803e  PS      : 0x00060530  A0      : 0x8037801d  A1      : 0x3fceb4e0
      A2      : 0x00000000  A3      : 0x00000000  A4      : 0x3fceb4d0  A5      : 0x80378013
      A6      : 0x3fceb520  A7      : 0x3fceb510  A8      : 0x00000000  A9      : 0x00000000
      A10     : 0x00000000  A11     : 0x00000000  A12     : 0x00000000  A13     : 0x00000000
      A14     : 0x00000000  A15     : 0x00000000  SAR     : 0x00000005  EXCCAUSE: 0x0000001c
      EXCVADDR: 0x00000028  LBEG    : 0x4004f705  LEND    : 0x4004f709  LCOUNT  : 0x00000000

      Backtrace: 0x4037803e:0x3fceb4e0 0x4037801a:0x3fceb520

      "
    `);
  });
});
