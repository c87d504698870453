import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Opcode, opcodeByName } from '../../xtensa/index.ts';
import { executeModel, isModelled, type Model } from './bigint-model.ts';
import { pieInstructionNames, QaccForm, readAccx, setQaccForm, writeAccx } from './index.ts';
import { createTestMachine, type TestMachine } from './test-machine.ts';

const modelled = pieInstructionNames.filter(isModelled).map((name) => opcodeByName.get(name)!);

const bytesOf = (value: bigint, count: number) =>
  Uint8Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
const numberOf = (bytes: Uint8Array) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Bytes that sit on the edges of every lane width, or anything. */
const byte = fc.oneof(fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0x81, 0xff), fc.integer({ min: 0, max: 255 }));
const wide = (bytes: number) =>
  fc.array(byte, { minLength: bytes, maxLength: bytes }).map((values) => numberOf(Uint8Array.from(values)));
/** Lanes near their limits, so that saturation happens. */
const accumulators = (bits: number, total: number) =>
  fc
    .array(
      fc.constantFrom(
        0n,
        1n,
        (1n << BigInt(bits - 1)) - 3n,
        1n << BigInt(bits - 1),
        (1n << BigInt(bits)) - 2n,
      ),
      {
        minLength: total / bits,
        maxLength: total / bits,
      },
    )
    .map((lanes) => lanes.reduce((whole, lane, i) => whole | (lane << BigInt(bits * i)), 0n));

const ADDRESS = 0x3fc90040;

/** Operands of the right kinds; address registers 0..3 so that a2 can be the pointer. */
const operandsOf = (opcode: Opcode) =>
  fc.tuple(
    ...opcode.operands.map((operand) =>
      operand.regfile === 'QR'
        ? fc.integer({ min: 0, max: 7 })
        : operand.name === 'as' && operand.dir === 'inout'
          ? fc.constant(2)
          : operand.regfile === 'AR'
            ? fc.constantFrom(4, 5)
            : fc
                .integer({ min: operand.min / operand.step, max: operand.max / operand.step })
                .map((v) => v * operand.step),
    ),
  );

/** Two destinations in one register: the manual does not say which result stays. */
function isDefined(opcode: Opcode, operands: readonly number[]): boolean {
  const written = opcode.operands.flatMap((operand, i) =>
    operand.regfile === 'QR' && operand.dir !== 'in' ? [operands[i]] : [],
  );
  return new Set(written).size === written.length;
}

const instruction = fc
  .constantFrom(...modelled)
  .chain((opcode) => operandsOf(opcode).map((operands) => ({ opcode, operands })))
  .filter(({ opcode, operands }) => isDefined(opcode, operands));

const start = fc.record({
  q: fc.array(wide(16), { minLength: 8, maxLength: 8 }),
  qacc: fc.oneof(accumulators(20, 320), accumulators(40, 320), wide(40)),
  accx: fc.oneof(accumulators(40, 40), wide(5)),
  sar: fc.integer({ min: 0, max: 63 }),
  sarByte: fc.integer({ min: 0, max: 15 }),
  loaded: wide(16),
  a4: fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer()),
  a5: fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer()),
});

function load(machine: TestMachine, model: Model, a4: number, a5: number): void {
  const { pie } = machine;
  machine.ar[4] = a4;
  machine.ar[5] = a5;
  machine.special[0] = Number(model.sar);
  model.q.forEach((value, i) => void pie.qu8.set(bytesOf(value, 16), 16 * i));
  setQaccForm(pie, QaccForm.raw);
  pie.qacc.set(bytesOf(model.qacc, 40));
  writeAccx(pie, Number(model.accx));
  pie.control[1] = Number(model.sarByte);
}

function state(machine: TestMachine) {
  const { pie } = machine;
  setQaccForm(pie, QaccForm.raw);
  return {
    q: Array.from({ length: 8 }, (_, i) => numberOf(pie.qu8.subarray(16 * i, 16 * i + 16))),
    qacc: numberOf(pie.qacc),
    accx: BigInt.asUintN(40, BigInt(readAccx(pie))),
  };
}

describe('the vector unit against the manual’s operations', () => {
  it('models every arithmetic family', () => {
    expect(modelled.length).toBeGreaterThan(125);
  });

  it('agrees over random programs, whatever lane width each instruction sees QACC in', () => {
    const machine = createTestMachine();
    fc.assert(
      fc.property(start, fc.array(instruction, { minLength: 1, maxLength: 24 }), (initial, program) => {
        const { a4, a5, sar, sarByte, q, ...rest } = initial;
        const model: Model = {
          ...rest,
          q: [...q],
          sar: BigInt(sar),
          sarByte: BigInt(sarByte),
          stored: undefined,
        };
        load(machine, model, a4, a5);
        for (const { opcode, operands } of program) {
          machine.memory.clear();
          machine.ar[2] = ADDRESS;
          bytesOf(model.loaded, 16).forEach((value, i) => void machine.memory.set(ADDRESS + i, value));
          executeModel(model, opcode.name, operands, (register) => BigInt(machine.ar[register]));
          machine.execute(opcode.name, operands);
          if (model.stored !== undefined) {
            const stored = Uint8Array.from({ length: 16 }, (_, i) => machine.memory.get(ADDRESS + i)!);
            expect(numberOf(stored), opcode.name).toBe(model.stored);
            model.stored = undefined;
          }
        }
        const { q: expectedQ, qacc, accx } = model;
        expect(state(machine)).toEqual({ q: expectedQ, qacc, accx });
      }),
      { numRuns: 800 },
    );
  });

  it('counts and reports an unaligned vector access, and masks it', () => {
    const machine = createTestMachine();
    const reports: [number, number][] = [];
    machine.pie.onUnaligned = (address, pc) => void reports.push([address, pc]);
    machine.memory.set(ADDRESS, 77);
    machine.ar[2] = ADDRESS + 4;
    machine.execute('ee.vld.128.ip', [1, 2, 16], 0x40370010);
    expect(machine.pie.qu8[16]).toBe(77);
    expect(machine.ar[2]).toBe(ADDRESS + 20);
    expect(reports).toEqual([[ADDRESS + 4, 0x40370010]]);
    machine.ar[2] = ADDRESS + 4;
    machine.execute('ee.ld.128.usar.ip', [1, 2, 16]);
    expect(machine.pie.control[1]).toBe(4);
    expect(reports.length).toBe(1);
  });
});
