import { describe, expect, it } from 'vitest';
import { dataText } from '../testing/shared-files.ts';
import { checkVectors } from './vectors.ts';

describe('published assembler vectors', () => {
  it('pass both ways, every one', () => {
    const { passed, failures } = checkVectors(dataText('isa/asm-vectors.tsv.gz'));
    expect(failures).toEqual([]);
    expect(passed).toBe(3140);
  });
});

describe('checkVectors', () => {
  it('counts what fails and says why', () => {
    const wrong = [
      '# comment',
      '',
      'addi a2, a2, 4\t22c205',
      'addi a2, a2, 4\t22c204',
      'addi a2, a2, 4',
      'foo a2\t00',
    ];
    const { passed, failures } = checkVectors(wrong.join('\n'));
    expect(passed).toBe(1);
    expect(failures).toEqual([
      'line 3: "addi a2, a2, 4" assembles to 22c204, not 22c205',
      'line 5: there is no tab and no bytes',
      'line 6: "foo a2": line 2: there is no instruction "foo".',
    ]);
  });

  it('takes any number base, register alias and spelling of special registers', () => {
    const good = [
      'addi  sp , a1,-0x10\t12c1f0',
      'RSR a0, 0\t000003',
      'rsr.lbeg a0\t000003',
      'j 0x40380164\t060000\t0x40380160',
    ];
    expect(checkVectors(good.join('\n'))).toEqual({ passed: 4, failures: [] });
  });
});
