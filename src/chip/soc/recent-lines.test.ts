/** What translated code reads of lines it has just looked at, without asking the chip, it would have got in the same cycle by asking. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../boards/boards.ts';
import { createChipAndParts } from './chip.ts';
import { registersOf } from './program/bring-up.ts';
import { assembleSegment } from './test-image.ts';
import { FLASH, PSRAM, setUpMemories } from './test-memories.ts';

const EXTMEM = 0x600c4000;
const LINE = 64;
/** Lines so far apart share a set of the cache. */
const SAME_SET = 8192;
const CYCLES = 60_000;

/** Lines of PSRAM and flash of one set, more than it holds, and some of two others. */
const address = fc
  .record({
    start: fc.constantFrom(PSRAM, FLASH),
    set: fc.constantFrom(0, 0, 0, 1, 8),
    way: fc.nat(2),
    word: fc.nat(2),
  })
  .map(({ start, set, way, word }) => start + way * SAME_SET + set * LINE + word * 16);

const store = (register: number, value: number) =>
  `  movi a3, ${EXTMEM + register}\n  movi a4, ${value}\n  s32i a4, a3, 0\n`;

/** Syntax of GNU as; q1 and a5 gather what is read and when. */
const loads = (at: number, count: number) =>
  `  movi a2, ${at}\n${'  ee.vld.128.ip q0, a2, 16\n  ee.xorq q1, q1, q0\n'.repeat(count)}  rsr.ccount a3\n  add a5, a5, a3\n`;
const pause = (count: number) => `  movi a2, ${count}\n1: addi a2, a2, -1\n  bgez a2, 1b\n`;
const read = fc.tuple(address, fc.integer({ min: 1, max: 3 })).map(([at, count]) => loads(at, count));

const step = fc.oneof(
  { weight: 20, arbitrary: read },
  { weight: 2, arbitrary: address.map((at) => `  movi a2, ${at}\n  l32i a3, a2, 4\n  add a5, a5, a3\n`) },
  { weight: 2, arbitrary: address.map((at) => `  movi a2, ${(at & 0xfffff) + PSRAM}\n  s32i a5, a2, 8\n`) },
  { weight: 2, arbitrary: fc.nat(60).map(pause) },
  // Once more and once more, while the other core reads others of the set.
  {
    weight: 3,
    arbitrary: fc.tuple(address, fc.nat(60)).map(([at, count]) => (loads(at, 1) + pause(count)).repeat(8)),
  },
  // A line that was read is invalidated, one is brought in by command, or others beside those that are read (on a miss; on a hit, too).
  {
    weight: 2,
    arbitrary: address.map(
      (at) => loads(at, 1) + store(0x2c, at) + store(0x30, LINE) + store(0x28, 1) + loads(at, 1),
    ),
  },
  {
    weight: 1,
    arbitrary: address.map((at) => loads(at, 1) + store(0x44, at) + store(0x48, 3) + store(0x40, 1)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(5, 5 | (2 << 5)), fc.array(read, { minLength: 1, maxLength: 4 }))
      .map(
        ([control, reads]) =>
          store(0x50, PSRAM) +
          store(0x54, 1 << 20) +
          reads[0] +
          store(0x4c, control) +
          reads.join('') +
          store(0x4c, 0),
      ),
  },
);

const program = (steps: readonly string[]) =>
  `start:\n  movi a2, 9\n  wsr.cpenable a2\n  rsync\n  ee.zero.q q1\n  movi a5, 0\n${steps.join('')}9: j 9b\n`;

/** Both cores' programs on an N16R8 board. @param asking every access asks the chip */
function run(programs: readonly (readonly string[])[], asking: boolean) {
  const flash = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 13 + (index >> 7)) & 0xff);
  const { chip, parts } = createChipAndParts({
    board: findBoard('devkitc-n16r8'),
    flash,
    flashBytes: flash.length,
  });
  setUpMemories(chip, LINE);
  const { memory, bus, cores } = parts;
  if (asking) memory.recent.note = () => {};
  for (const [index, steps] of programs.entries()) {
    const { data, entry, address: start } = assembleSegment(program(steps), 0x40378000 + 0x10000 * index);
    for (const [offset, byte] of data.entries()) memory.bytes[bus.peek!(start + offset)] = byte;
    cores[index].state.pc = entry;
    cores[index].running = true;
  }
  memory.remapped();
  chip.run({ maxCycles: CYCLES });
  const fast = memory.recent.count;
  const registers = registersOf(chip);
  return {
    fast,
    found: {
      cores: cores.map(({ cycles, instructions, state }) => ({
        cycles,
        instructions,
        pc: state.pc,
        ar: [...state.ar],
        q: [...state.pie.qs32],
      })),
      counters: [0xc8, 0xcc, 0xd0, 0xd4, 0xd8].map((offset) => registers.load(EXTMEM + offset)),
    },
  };
}

describe('lines that a core has just looked at', () => {
  it('are read again in the same cycles, with the same counts, whatever both cores do', () => {
    let fast = 0;
    const both = fc.tuple(...[0, 1].map(() => fc.array(step, { minLength: 30, maxLength: 80 })));
    fc.assert(
      fc.property(both, (programs) => {
        const one = run(programs, false);
        const other = run(programs, true);
        fast += one.fast;
        expect(other.fast).toBe(0);
        expect(one.found).toEqual(other.found);
      }),
      { numRuns: 10, endOnFailure: true },
    );
    expect(fast).toBeGreaterThan(50);
  });
});
