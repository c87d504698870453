import { describe, expect, it } from 'vitest';
import { opcodeByName, opcodes } from '../../xtensa/index.ts';
import { pipelineRule } from './index.ts';

const rule = (name: string) => pipelineRule(opcodeByName.get(name)!);

/** `name stage` of every use or definition. */
function stages(name: string, side: 'uses' | 'defs'): string[] {
  const opcode = opcodeByName.get(name)!;
  return rule(name)[side].map(
    ({ what, stage }) => `${typeof what === 'number' ? opcode.operands[what].name : what} ${stage}`,
  );
}

describe('pipeline rules', () => {
  it.each([
    ['ee.vld.128.ip', ['as 1'], ['qu 2', 'as 1']],
    ['ee.ld.128.usar.ip', ['as 1'], ['qu 2', 'as 1', 'SAR_BYTE 1']],
    ['ee.vst.128.ip', ['qv 1', 'as 1'], ['as 1']],
    ['ee.cmul.s16.st.incp', ['qv 2', 'as 1', 'qz 1', 'qx 1', 'qy 1', 'SAR 1'], ['as 1', 'qz 2']],
    ['ee.vadds.s8', ['qx 1', 'qy 1'], ['qa 1']],
    ['ee.vadds.s8.ld.incp', ['as 1', 'qx 1', 'qy 1'], ['qu 2', 'as 1', 'qa 1']],
    ['ee.vmul.s16', ['qx 1', 'qy 1', 'SAR 1'], ['qz 2']],
    ['ee.vrelu.s8', ['qs 1', 'ax 1', 'ay 1'], ['qs 2']],
    ['ee.vmulas.s8.accx', ['qx 1', 'qy 1', 'ACCX 2'], ['ACCX 2']],
    ['ee.srs.accx', ['as 1', 'ACCX 1'], ['au 1', 'ACCX 1']],
    ['ee.srcmb.s8.qacc', ['as 1', 'QACC_H 1', 'QACC_L 1'], ['qu 1', 'QACC_H 1', 'QACC_L 1']],
    ['ee.ld.accx.ip', ['as 1'], ['as 1', 'ACCX 2']],
    ['ee.st.accx.ip', ['as 1', 'ACCX 1'], ['as 1']],
    ['ee.zero.accx', [], ['ACCX 1']],
    ['ee.movi.32.a', ['qs 1'], ['au 1']],
    ['ee.movi.32.q', ['qu 1', 'as 1'], ['qu 1']],
    ['ee.src.q.ld.ip', ['as 1', 'qs0 1', 'qs1 1', 'SAR_BYTE 1'], ['qu 2', 'as 1', 'qs0 1']],
    ['ee.ldf.64.ip', ['as 1'], ['fu1 2', 'fu0 2', 'as 1']],
  ])('%s uses and defines as the manual says', (name, uses, defs) => {
    expect(stages(name, 'uses')).toEqual(uses);
    expect(stages(name, 'defs')).toEqual(defs);
  });

  it('lets only the S, X and F groups collide, and only after the G group', () => {
    const own = opcodes.filter((o) => o.units.length > 0);
    const after = rule('ee.vadds.s8').units2;
    const colliding = own.filter((o) => rule(o.name).units1 & after).map((o) => o.name);
    expect(colliding.every((n) => /^ee\.(srcmb|srs|fft\.(cmul|ams))/.test(n))).toBe(true);
    expect(colliding.length).toBe(9);
    expect(own.filter((o) => rule(o.name).units2 !== 0).length).toBe(116);
  });
});
