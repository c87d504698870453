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
    expect(stateOf(chip, 0)).toMatchInlineSnapshot();
    expect(Buffer.from(chip.peek(0x3fceb560, 8)!).toString('hex')).toMatchInlineSnapshot();
    expect(Buffer.from(chip.peek(0x3fceb6e0, 8)!).toString('hex')).toMatchInlineSnapshot();
    expect(chip.cores[0].cycles).toMatchInlineSnapshot();
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
    expect(stateOf(chip, 1)).toMatchInlineSnapshot();
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
    expect(dump([SPIN, { address: 0x3c000020, data }])).toMatchInlineSnapshot();
    expect(dump([SPIN, { address: 0x50001ff8, data }])).toMatchInlineSnapshot();
  });

  it('of the program, with its callers, as far as they are on the stack', () => {
    const source = `
start:
  entry a1, 48
  movi a5, 5
  call8 deeper
deeper:
  entry a1, 64
  movi a6, 0x80000000
  call8 deepest
deepest:
  entry a1, 32
  movi a3, 0
  l32i a3, a3, 40
1: j 1b
`;
    const segment = assembleSegment(source);
    expect(dump([segment], segment.entry)).toMatchInlineSnapshot();
  });
});
