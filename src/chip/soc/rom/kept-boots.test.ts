/**
 * All that a boot leaves, to the bit and the cycle: what was printed and when, both cores, memory, every register that can be read. It says that
 * something changed, not that it is right: that is for the tests beside it.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Chip, ChipOptions } from '../chip.ts';
import {
  assembleSegment,
  bootChip,
  buildImage,
  type ImageOptions,
  type ImageSegment,
  WATCHDOGS_OFF,
} from '../test-image.ts';

const SPIN = assembleSegment(`start:\n${WATCHDOGS_OFF}1: j 1b\n`);
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 37 + 5) & 255);
const image = (segments: readonly ImageSegment[], more: Partial<ImageOptions> = {}) =>
  buildImage({ segments, entry: SPIN.entry, ...more });
const header = (more: Readonly<Record<number, number>>) => image([SPIN], { header: more });
const program = (source: string) => {
  const segment = assembleSegment(source);
  return buildImage({ segments: [segment], entry: segment.entry });
};

function directBoot(): Uint8Array {
  const flash = new Uint8Array(0x500).fill(0xff);
  new DataView(flash.buffer).setUint32(0x400, 0xaedb041d, true);
  new DataView(flash.buffer).setUint32(0x404, 0xaedb041d, true);
  flash.set(assembleSegment('start: j start\n', 0x42000408).data, 0x408);
  return flash;
}

const registersOf = ({ peripherals }: Chip): [address: number, value: number][] =>
  peripherals.blocks.flatMap(({ base, size, peripheral }) =>
    Array.from({ length: size / 4 }, (_, index): [number, number] => [
      base + 4 * index,
      peripheral.read(4 * index),
    ]),
  );

const before = new Map(registersOf(bootChip(new Uint8Array(0)).chip));

/** Registers that are not as they are before the ROM runs. */
const written = (chip: Chip): string =>
  registersOf(chip)
    .filter(([address, value]) => value !== before.get(address))
    .map(([address, value]) => `${address} ${value}`)
    .join('\n');

/** What a chip shows after so many seconds. */
function fingerprint(
  flash: Uint8Array,
  { until = 0.3, ...options }: ChipOptions & { until?: number },
): string {
  const { chip, output } = bootChip(flash, options);
  const hash = createHash('sha1');
  chip.uart0.onOutput((byte) => hash.update(`${byte} ${Math.round(chip.seconds * 1e9)} `));
  chip.run({ untilSeconds: until });
  for (const { state, cycles, dataAttributes } of chip.cores)
    hash.update(JSON.stringify([[...state.ar], [...state.special], state.pc, cycles, [...dataAttributes]]));
  hash.update(chip.peek(0x3fc88000, 0x3fcf0000 - 0x3fc88000)!);
  hash.update(written(chip));
  return `${output().trimEnd().split('\n').at(-1)!.slice(0, 32)} ${hash.digest('hex').slice(0, 8)}`;
}

it.each<[what: string, flash: Uint8Array, options: ChipOptions & { until?: number }, kept: string]>([
  [
    'segments in all memories',
    image([SPIN, { address: 0x3fcb0000, data: bytes(20_004) }, { address: 0x3fc90000, data: bytes(8) }]),
    {},
    'entry 0x4037800c 032b3e60',
  ],
  ['direct boot', directBoot(), {}, 'rst:0x1 (POWERON),boot:0x8 (SPI_ 45ce92a6'],
  [
    'flash commands',
    image([{ address: 0x80000200, data: bytes(24) }, SPIN]),
    {},
    'entry 0x4037800c 15cade7d',
  ],
  ['QIO', header({ 2: 0, 3: 0x2f }), {}, 'entry 0x4037800c cd3dfc99'],
  ['QOUT, 40 MHz', header({ 2: 1, 3: 0x20 }), {}, 'entry 0x4037800c 9933d3ba'],
  ['DOUT, 26 MHz', header({ 2: 3, 3: 0x21 }), {}, 'entry 0x4037800c 7e21b804'],
  ['FAST_RD, 20 MHz', header({ 2: 4, 3: 0x22 }), {}, 'entry 0x4037800c 0058678f'],
  ['SLOW_RD', header({ 2: 5, 3: 0x2f }), {}, 'entry 0x4037800c 8a978b19'],
  ['an empty flash', new Uint8Array(0), { until: 0.02 }, 'invalid head c1b8ed69'],
  ['a wrong digest', image([SPIN], { digest: 'absent' }), {}, 'entry 0x4037800c 16c6bf2d'],
  ['a wrong checksum', image([SPIN], { checksum: 1 }), {}, 'ets_main.c 329 bfc12829'],
  ['segments over the ROM', image([{ address: 0x3fceb16c, data: bytes(8) }]), {}, 'ets_main.c 329 f32dc74c'],
  [
    'a segment at no memory',
    image([SPIN, { address: 0x3c000020, data: bytes(16) }]),
    {},
    'Backtrace: 0x40045abc:0x3fceb570 86d715fc',
  ],
  ['a program that returns', program(`start:\n${WATCHDOGS_OFF} retw\n`), {}, 'user code done 1285225d'],
  [
    'a program that fails',
    program(`start:\n${WATCHDOGS_OFF} entry a1, 32\n ill\n`),
    {},
    'Backtrace: 0x40378027:0x3fceb550 fcad614c',
  ],
  [
    'core 1',
    program(
      `control: .word 0x600c0000\nstart:\n${WATCHDOGS_OFF} l32r a3, control\n movi a4, 1f\n s32i a4, a3, 4\n movi a4, 2\n s32i a4, a3, 0\n1: j 1b\n`,
    ),
    {},
    'entry 0x40378014 b8d83462',
  ],
  ['download over UART', new Uint8Array(0), { strap: 7, until: 0.05 }, 'wait uart0 download 34c640d5'],
  ['download over both', new Uint8Array(0), { strap: 0, until: 0.05 }, 'waiting for download 3c4b68c5'],
  ['download over SPI', new Uint8Array(0), { strap: 6, until: 0.05 }, 'waiting for download 91127788'],
  ['a strap for nothing', new Uint8Array(0), { strap: 5, until: 0.05 }, 'ets_main.c 263 52f39037'],
])('%s', (_, flash, options, kept) => {
  expect(fingerprint(flash, options)).toBe(kept);
});
