import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOperands, encodeInstruction, operandConflict } from './encode.ts';
import {
  findOpcode,
  instructionLength,
  type Opcode,
  opcodeByName,
  opcodes,
  specialRegisters,
} from './table.ts';

const anyOpcode = fc.constantFrom(...opcodes);
const anyWord = fc.integer({ min: 0, max: 0xffffffff });

/** Legal operands of an instruction at pc, from random fields. */
function legalOperands(opcode: Opcode, random: number, pc: number): number[] | undefined {
  const word = (opcode.value | (random & ~opcode.mask)) >>> 0;
  const values = decodeOperands(opcode, word, pc);
  return values.some(Number.isNaN) || operandConflict(opcode, values) ? undefined : values;
}

describe('instruction table', () => {
  it('has the 753 mnemonics of the core, 217 of them of the vector unit', () => {
    expect(opcodes).toHaveLength(754);
    expect(opcodeByName.size).toBe(753);
    expect([...opcodeByName.keys()].filter((name) => name.startsWith('ee.'))).toHaveLength(217);
  });

  it('has no two encodings that overlap', () => {
    for (const one of opcodes) {
      const clash = opcodes.find(
        (other) =>
          other.id > one.id &&
          other.length === one.length &&
          ((one.value ^ other.value) & one.mask & other.mask) === 0,
      );
      expect(clash?.name, one.name).toBeUndefined();
    }
  });

  it('finds every instruction again that it encodes, with the same operands', () => {
    fc.assert(
      fc.property(
        anyOpcode,
        anyWord,
        fc.integer({ min: 0x40000000, max: 0x403fffff }),
        (opcode, random, pc) => {
          const values = legalOperands(opcode, random, pc);
          if (!values) return;
          const word = encodeInstruction(opcode, values, pc);
          expect(instructionLength(word & 255)).toBe(opcode.length);
          expect(findOpcode(word)).toBe(opcode);
          expect(decodeOperands(opcode, word, pc)).toEqual(values);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('ignores the bytes after an instruction', () => {
    expect(findOpcode(0xffff_f03d)?.name).toBe('nop.n');
    expect(findOpcode(0xff00_20f0)?.name).toBe('nop');
  });

  it('finds nothing but what matches, and everything that does', () => {
    fc.assert(
      fc.property(anyWord, (word) => {
        const length = instructionLength(word & 255);
        const matches = opcodes.filter(
          (opcode) => opcode.length === length && ((word ^ opcode.value) & opcode.mask) === 0,
        );
        expect(findOpcode(word)).toBe(matches[0]);
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps operands, implicit state and functional units', () => {
    const multiply = opcodeByName.get('ee.vmulas.s8.accx.ld.ip')!;
    expect(multiply.operands.map(({ name, regfile, dir }) => [name, regfile, dir])).toEqual([
      ['qu', 'QR', 'out'],
      ['as', 'AR', 'inout'],
      ['imm16', undefined, 'in'],
      ['qx', 'QR', 'in'],
      ['qy', 'QR', 'in'],
    ]);
    expect(multiply.states).toContainEqual({ name: 'ACCX', dir: 'inout' });
    expect(multiply.units).toContainEqual({ name: 'func_mul_s8xs8_0', stage: 1 });
    expect(opcodeByName.get('call8')!.operands.at(-1)).toMatchObject({
      fixed: 8,
      visible: false,
      regfile: 'AR',
    });
    expect(opcodeByName.get('beqz')!.flag).toBe('branch');
  });

  it('measures labels from where the hardware does', () => {
    const [, label] = opcodeByName.get('l32r')!.visible;
    expect(label.decode(0xffff, 0x40380001)).toBe(0x40380000);
    expect(label.decode(0xffff, 0x40380000)).toBe(0x4037fffc);
    const [target] = opcodeByName.get('call0')!.visible;
    expect(target.decode(0, 0x40380003)).toBe(0x40380004);
    expect(target.encode(0x40380005, 0x40380003)).toBeUndefined();
  });

  it('names special registers both ways', () => {
    expect(specialRegisters.numberOf.get('sar')).toBe(3);
    expect(specialRegisters.nameOf.get(234)).toBe('ccount');
  });
});
