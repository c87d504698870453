import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Opcode, opcodes } from '../../xtensa/table.ts';
import { createFlatBus } from '../bus/flat-bus.ts';
import { type Core, createCore } from './core.ts';
import { decodeInstruction, type Instruction } from './decode.ts';
import { UnsupportedInstruction } from './errors.ts';
import { CLEAN, costOfRun } from './pipeline.ts';
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
  .map((choices) => bytesOf(choices.map(([id, noise]) => [opcodes[id], noise])));

/** Instructions as bytes, their operand fields from the noise. */
function bytesOf(instructions: readonly (readonly [opcode: Opcode, noise: number])[]): Uint8Array {
  const bytes: number[] = [];
  for (const [{ value, mask, length }, noise] of instructions) {
    const word = ((noise & ~mask) | value) >>> 0;
    for (let index = 0; index < length; index++) bytes.push((word >>> (8 * index)) & 255);
  }
  return Uint8Array.from(bytes);
}

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

  it('does the same in one go and step by step', () => {
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

  /** Instructions that neither leave straight code nor change how it is translated. */
  const straight = opcodes.filter(
    ({ name, flag, states, operands }) =>
      !flag &&
      !operands.some(({ kind }) => kind === 'label') &&
      !/^(ill|l32r|simcall|break|syscall|rf|waiti|rsil|isync|movsp|rotw|entry|[rwx]sr|[rw]er|lddr|sddr|ee\.get_gpio|s32c1i)/.test(
        name,
      ) &&
      !states.some(
        ({ name: state, dir }) => dir !== 'in' && /^(PS|Window|LBEG|LEND|LCOUNT|INTERRUPT)/.test(state),
      ),
  );

  /** Ends a run: the core waits. */
  const waiti = opcodes.find(({ name }) => name === 'waiti')!;

  const pointers = fc.array(fc.integer({ min: 0x3fc88000, max: 0x3fc97fff }), {
    minLength: 64,
    maxLength: 64,
  });
  const stream = fc.array(fc.tuple(fc.nat(straight.length - 1), fc.integer()), {
    minLength: 4,
    maxLength: 8,
  });
  type Price = (instructions: readonly Instruction[]) => number;
  const price: Price = (instructions) => costOfRun(instructions, CLEAN).total;

  /** Looks for straight code whose cycles in one go are not those of its steps and the stalls that `priceOf` sees between them. */
  function compareCycles(priceOf: Price) {
    let compared = 0;
    const property = fc.property(stream, pointers, (choices, values) => {
      const bytes = bytesOf([
        ...choices.map(([index, noise]) => [straight[index], noise] as const),
        [waiti, 0],
      ]);
      const whole = runRandom(bytes, values, 1);
      if (!whole.waiting) return;
      const stepped = runRandom(bytes, values, 0);
      const executed: Instruction[] = [];
      while (stepped.instructions < whole.instructions) {
        const { pc } = stepped.state;
        executed.push(decodeInstruction(pc, (at) => bytes[at - CODE] ?? 0));
        stepped.step();
        // An exception leads out of straight code (and perhaps, past the vector, back).
        if (stepped.state.pc !== executed.at(-1)!.next) return;
      }
      const apart = executed.reduce((sum, one) => sum + priceOf([one]), 0);
      const stalls = priceOf(executed) - apart;
      expect(whole.cycles - stepped.cycles).toBe(stalls);
      if (stalls > 0) compared++;
    });
    const { failed, numRuns } = fc.check(property, { numRuns: 120, endOnFailure: true });
    return { failed, numRuns, compared };
  }

  it('costs in one go what it costs step by step, and the stalls between neighbours', () => {
    const { failed, compared } = compareCycles(price);
    expect(failed).toBe(false);
    expect(compared).toBeGreaterThan(10);
  });

  it.each<[what: string, price: Price]>([
    ['no stall at all', (run) => run.reduce((sum, one) => sum + price([one]), 0)],
    ['no stall behind the second instruction', (run) => price(run.slice(0, 2)) + price(run.slice(2))],
    ['a cycle more a run', (run) => price(run) + (run.length > 1 ? 1 : 0)],
  ])('is noticed by that comparison to cost otherwise: %s', (_, wrong) => {
    expect(compareCycles(wrong).failed).toBe(true);
  });
});
