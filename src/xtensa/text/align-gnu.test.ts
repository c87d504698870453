/** Alignment of targets and loops beside GNU as 2.35.1 for the ESP32-S3 (--text-section-literals). */
import { describe, expect, it } from 'vitest';
import { assembleText } from './assemble.ts';
import { disassemble } from './disassemble.ts';

const text = (source: string) => assembleText(source).sections.find(({ name }) => name === '.text')!;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const source = `
    .text
    .align 4
f:  entry a1, 32
    mov.n a7, a2
    addi a6, a7, 0
    movi a5, 3
    beqz a7, skip
    addi.n a7, a7, 1
    l32i.n a4, a7, 0
    s32i a4, a7, 4
    add a4, a4, a5
    addx2 a4, a4, a4
    call8 elsewhere
    mov a2, a10
    addx4 a2, a2, a2
    bnez a2, f
skip:
    movi a3, 0
    addi a3, a3, 5
    addx2 a3, a3, a3
    loop a3, 1f
    l32i a4, a7, 0
    add a5, a5, a4
    addx8 a5, a5, a5
1:  beqz a5, 2f
    srai a2, a2, 3
    movi a4, 0x70
    j 3f
2:  srli a2, a2, 7
    _mov.n a4, a4
    loopnez a4, 3f
    ee.vld.128.ip q0, a3, 16
    ee.vmulas.s8.accx.ld.ip q1, a3, 16, q0, q1
3:  retw
    .align 4
g:  entry a1, 32
    add a2, a2, a2
    addx2 a2, a2, a2
    bgeui a2, 16, 4f
    loopgtz a2, 4f
    nop
4:  retw
`;

const expected = [
  '3641007d026d070c359c571b77480749175044804044902500002d0a2022a056d2fd0c035b3330339076830648074a5550',
  '55b08c9520232142a07006040000002027414d047694063401833e018af01df00000003641002a22202290f6b20476a201',
  '3df01df0',
].join('');

describe('alignment', () => {
  it('widens instructions before targets, calls and loops as GNU as does', () => {
    expect(hexOf(text(source).bytes)).toBe(expected);
  });

  it('puts nops before loops only where there is nothing to widen, and nowhere under no-transform', () => {
    const lines = (body: string) => disassemble(text(body).bytes).map((line) => line.text);
    const loop = 'loop a3, 1f\naddx2 a2, a2, a2\naddx2 a2, a2, a2\n1: ret\n';
    expect(lines(`addx2 a2, a2, a2\nadd a2, a2, a2\n${loop}`).slice(0, 3)).toEqual([
      'addx2 a2, a2, a2',
      'add.n a2, a2, a2',
      'loop a3, 0xe',
    ]);
    // The loop at 7, its body at 10: two bytes more are wanted.
    expect(lines(`add a2, a2, a2\nadd a2, a2, a2\naddx2 a2, a2, a2\n${loop}`).slice(0, 4)).toEqual([
      'add a2, a2, a2',
      'add a2, a2, a2',
      'addx2 a2, a2, a2',
      'loop a3, 0x12',
    ]);
    expect(lines(`addx2 a2, a2, a2\naddx2 a2, a2, a2\naddx2 a2, a2, a2\n${loop}`)).not.toContain('nop.n');
    expect(lines(`addx2 a2, a2, a2\n${'addx2 a2, a2, a2\n'.repeat(4)}${loop}`)).toContain('nop.n');
    expect(
      lines(`.begin no-transform\n${'addx2 a2, a2, a2\n'.repeat(5)}${loop}.end no-transform`),
    ).not.toContain('nop.n');
  });
});
