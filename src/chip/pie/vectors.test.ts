import { describe, expect, it } from 'vitest';
import { opcodes } from '../../xtensa/index.ts';
import { pieInstructionNames } from './index.ts';
import { createTestMachine } from './test-machine.ts';
import { decode, differences, readVectors } from './test-vectors.ts';

const known = new Set(pieInstructionNames);

describe('the vector unit', () => {
  it('knows every instruction of the table that is its own', () => {
    const own = opcodes.filter((o) => o.name.startsWith('ee.') || o.operands.some((p) => p.regfile === 'QR'));
    expect(own.length).toBeGreaterThanOrEqual(217);
    expect(own.filter((o) => !known.has(o.name)).map((o) => o.name)).toEqual([]);
    const names = new Set(opcodes.map((o) => o.name));
    expect(pieInstructionNames.filter((name) => !names.has(name))).toEqual([]);
  });

  it('agrees with every execution vector', () => {
    const { defaults, vectors } = readVectors();
    const machine = createTestMachine();
    const failures: string[] = [];
    let played = 0;
    for (const vector of vectors) {
      if (vector.care === 'unspecified' || vector.check || !known.has(decode(vector.bytes).opcode.name))
        continue;
      played++;
      const wrong = differences(machine, defaults, vector, (m, { opcode, operands }) =>
        m.execute(opcode.name, operands),
      );
      if (wrong.length > 0) failures.push(`${vector.asm}: ${wrong.join('; ')}`);
    }
    expect(failures).toEqual([]);
    expect(played).toBeGreaterThan(2000);
  });
});
