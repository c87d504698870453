import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { executeWasm, exportedFunctions } from './exec.ts';

/** Euclid: (func (export "gcd") (param i32 i32) (result i32) ...). */
const GCD = Uint8Array.from(
  Buffer.from(
    '0061736d0100000001070160027f7f017f030201000707010367636400000a24012201017f024003402001450d012000200170210220012100200221010c000b0b20000b',
    'hex',
  ),
);

describe('a call that is explained', () => {
  it('puts every cycle down to an instruction of the module, or to its return to the host', () => {
    const { cycles, instructions, explained } = executeWasm(GCD, {
      invoke: 'gcd',
      args: ['3528', '3780'],
      explain: 1000,
      memoryBytes: 2 ** 24,
    });
    const { code, lines } = explained!;
    expect(lines.reduce((sum, line) => sum + line.cycles, 0)).toBe(cycles);
    expect(explained!.instructions).toBe(instructions);
    const known = new Map(code.map((line) => [line.address, line]));
    const elsewhere = lines.filter(({ address }) => !known.has(address));
    expect(elsewhere.reduce((sum, line) => sum + line.cycles, 0)).toBe(2);
    expect(code.flatMap(({ labels }) => labels)).toEqual(['gcd']);
    const divisions = lines.filter(({ address }) => known.get(address)?.text.startsWith('remu'));
    expect(divisions.flatMap(({ extras }) => extras.map(({ reason }) => reason))).toContain('divide');
  });

  it('is looked at for as long as is asked', () => {
    const url = new URL('../../../bench/compiler/crc.wasm', import.meta.url);
    const [{ name }] = exportedFunctions(readFileSync(url));
    const { instructions, explained } = executeWasm(readFileSync(url), {
      invoke: name,
      args: [],
      explain: 500,
    });
    expect(instructions).toBeGreaterThan(500);
    expect(explained!.instructions).toBe(500);
  });
});
