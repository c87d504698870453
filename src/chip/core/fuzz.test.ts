import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opcodes } from '../../xtensa/table.ts';
import { createFlatBus } from '../bus/flat-bus.ts';
import { type Core, createCore } from './core.ts';
import { UnsupportedInstruction } from './errors.ts';
import { SR } from './state.ts';

const CODE = 0x40378000;
const BYTES = 96;

/** Runs `steps` instructions of random code; only named errors may come out. */
function runRandom(bytes: Uint8Array, registers: readonly number[], cycles: number): Core {
  const bus = createFlatBus(0x100000);
  bus.provide(0x3fc80000, 0x20000);
  bus.load(CODE, bytes);
  const core = createCore({ bus, core: 0 });
  core.state.special[SR.ps] = 0x40020;
  core.state.special[SR.cpenable] = 0xff;
  core.state.special[SR.vecbase] = CODE;
  core.state.ar.set(registers);
  core.state.pc = CODE;
  core.stateChanged();
  try {
    core.runUntil(cycles);
  } catch (error) {
    expect(error).toBeInstanceOf(UnsupportedInstruction);
  }
  return core;
}

const registers = fc.array(fc.oneof(fc.integer(), fc.integer({ min: 0x3fc80000, max: 0x3fc9ffff })), {
  minLength: 64,
  maxLength: 64,
});

/** Instructions of the table with random operand fields, one behind the other. */
const instructionStream = fc
  .array(fc.tuple(fc.nat(opcodes.length - 1), fc.integer()), { minLength: 20, maxLength: 30 })
  .map((choices) => {
    const bytes: number[] = [];
    for (const [id, noise] of choices) {
      const { value, mask, length } = opcodes[id];
      const word = ((noise & ~mask) | value) >>> 0;
      for (let index = 0; index < length; index++) bytes.push((word >>> (8 * index)) & 255);
    }
    return Uint8Array.from(bytes);
  });

describe('random code', () => {
  it('of random bytes ends in architectural exceptions or named errors only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: BYTES, maxLength: BYTES }), registers, (bytes, values) => {
        runRandom(bytes, values, 300);
      }),
      { numRuns: 150 },
    );
  });

  it('of random instructions too', () => {
    fc.assert(
      fc.property(instructionStream, registers, (bytes, values) => {
        runRandom(bytes, values, 300);
      }),
      { numRuns: 150 },
    );
  });

  it('does the same in one go and step by step, with the same cycles up to what adjacent instructions owe each other', () => {
    fc.assert(
      fc.property(instructionStream, registers, (bytes, values) => {
        const whole = runRandom(bytes, values, 40);
        const stepped = runRandom(bytes, values, 0);
        while (stepped.instructions < whole.instructions && !stepped.waiting) {
          const { pc } = stepped.state;
          const before = stepped.cycles;
          try {
            stepped.step();
          } catch (error) {
            expect(error).toBeInstanceOf(UnsupportedInstruction);
            return;
          }
          if (stepped.state.pc === pc && stepped.cycles === before) return;
        }
        if (whole.instructions !== stepped.instructions) return;
        // CCOUNT differs by the stalls that single steps do not see.
        const timed = new TextDecoder('latin1').decode(bytes).includes('\xea');
        if (timed || whole.waiting) return;
        expect([...stepped.state.ar]).toEqual([...whole.state.ar]);
        expect([...stepped.state.fpu.bits]).toEqual([...whole.state.fpu.bits]);
        expect([...stepped.state.pie.qs32]).toEqual([...whole.state.pie.qs32]);
      }),
      { numRuns: 150 },
    );
  });
});
