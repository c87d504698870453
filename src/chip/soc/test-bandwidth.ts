/** Published measurements of flash and PSRAM (docs/esp32-s3.md B5), beside the same accesses on the model: for a test and a bench. */
import { findBoard } from '../boards/boards.ts';
import { ACCESS, type Access } from '../bus/bus.ts';
import { bootChip } from './test-image.ts';
import { FLASH, PSRAM, setUpMemories } from './test-memories.ts';

export interface Bandwidth {
  readonly what: string;
  /** CPU cycles at 240 MHz. */
  readonly measured: number;
  readonly modelled: number;
  /** Relative difference that the test allows. */
  readonly tolerance: number;
}

const OTHER = PSRAM + (8 << 16);

type Touch = (address: number, access: Access, cycle: number, core?: number, bytes?: number) => number;

/** What an access waits. */
function memory(lineBytes: 16 | 32 | 64, bytes: 32768 | 65536 = 32768): Touch {
  const { chip } = bootChip(new Uint8Array(1 << 20), {
    board: findBoard('devkitc-n16r8'),
    flashBytes: 1 << 20,
  });
  setUpMemories(chip, lineBytes, bytes);
  const { cached } = chip.peripherals;
  const start = chip.clock.cycles + 1e6;
  return (address, access, cycle, core = 0, width = 4) => {
    cached.locate(address, width, access, core, start + cycle);
    return cached.stall;
  };
}

/** The wait for the first word of lines one after another. */
function lines(count: number, from: number): number {
  const touch = memory(64);
  let cycle = 0;
  for (let line = 0; line < count; line++) cycle += touch(from + 64 * line, ACCESS.load, cycle);
  return cycle;
}

const WORD_LOOP = 4; // cycles a word of a copying loop in C, hits only (B5)

/** A loop that copies words; undefined is SRAM. Measured runs follow others, so the cache is full of what the last one wrote. */
function copy(
  bytes: number,
  lineBytes: 16 | 32 | 64,
  from: number | undefined,
  to: number | undefined,
): number {
  const touch = memory(lineBytes);
  let cycle = 0;
  const run = (): number => {
    const start = cycle;
    for (let at = 0; at < bytes; at += 4) {
      if (from !== undefined) cycle += touch(from + at, ACCESS.load, cycle);
      if (to !== undefined) cycle += touch(to + at, ACCESS.store, cycle);
      cycle += WORD_LOOP;
    }
    return cycle - start;
  };
  run();
  return run();
}

/** Both cores read half a megabyte each, a line at a time. */
function contend(bytes: number): number {
  const touch = memory(64);
  const cycles = [0, 0];
  const at = [0, 0];
  while (at[0] < bytes || at[1] < bytes) {
    const core = at[1] < bytes && (cycles[1] < cycles[0] || at[0] >= bytes) ? 1 : 0;
    cycles[core] += touch((core ? OTHER : PSRAM) + at[core], ACCESS.load, cycles[core], core) + WORD_LOOP;
    at[core] += 64;
  }
  return Math.max(...cycles);
}

export function bandwidths(): Bandwidth[] {
  const row = (what: string, measured: number, modelled: number, tolerance = 0.03): Bandwidth => ({
    what,
    measured,
    modelled,
    tolerance,
  });
  const first = (counts: readonly (readonly [number, number])[], name: string, from: number) =>
    counts.map(([count, measured]) =>
      row(`${name}, first words of ${count} lines of 64 B`, measured, lines(count, from)),
    );
  const half = 1 << 19;
  return [
    ...first(
      [
        [1, 82],
        [2, 252],
        [4, 590],
        [8, 1271],
        [16, 2631],
      ],
      'octal PSRAM',
      PSRAM,
    ),
    ...first(
      [
        [1, 115],
        [2, 588],
        [4, 1532],
        [8, 3425],
        [16, 7209],
      ],
      'QIO flash',
      FLASH,
    ),
    row('octal PSRAM to SRAM, 102,400 B, lines of 16 B', 633_664, copy(102_400, 16, PSRAM, undefined), 0.06),
    row('octal PSRAM to SRAM, 102,400 B, lines of 32 B', 403_215, copy(102_400, 32, PSRAM, undefined), 0.04),
    row('octal PSRAM to SRAM, 102,400 B, lines of 64 B', 278_493, copy(102_400, 64, PSRAM, undefined)),
    row('SRAM to octal PSRAM, 102,400 B, lines of 32 B', 717_694, copy(102_400, 32, undefined, PSRAM)),
    row('octal PSRAM to itself, 102,400 B, lines of 32 B', 1_103_628, copy(102_400, 32, PSRAM, OTHER)),
    row('octal PSRAM, 512 KB, lines of 64 B', 1_432_180, copy(half, 64, PSRAM, undefined)),
    row('the same with the other core reading as much', 2_807_281, contend(half)),
  ];
}
