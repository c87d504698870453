/**
 * What GNU as makes of instructions that do not fit as they are written. Expected bytes: GNU as 2.35.1 for the ESP32-S3
 * (--no-target-align --text-section-literals).
 */
import { describe, expect, it } from 'vitest';
import { assembleText } from './assemble.ts';
import { disassemble } from './disassemble.ts';

const text = (source: string) => assembleText(source).sections.find(({ name }) => name === '.text')!;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const source = `
    .text
    .literal_position
f:  movi.n a5,255
    movi.n a5,458753
    addi.n a4,a4,16
    l32i.n a4,a1,80
    addmi a4,a1,176
    l32i a2,a3,5
    srli a3,a2,30
    l8ui a2,a3,256
    l16si a2,a3,1000
    addi a4,a1,40000
    addi a4,a4,-1000
    addmi a4,a1,5
    addi a4,a1,0
    addi a4,a4,0
    addmi a4,a1,0
    mov a3,a3
    or a3,a3,a3
    slli a3,a4,0
    s32i.n a4,a1,80
    _addi a4,a1,0
    beqz a2, far
    bnez.n a2, far
    call8 f2
    .space 3000
far: ret
`;

const expected = [
  '010007000500000000010000e8030000409c0000', // literals: equal ones are not shared
  '52a0ff51faff42c41042211442d10142c4b021f7ff3a222802203e1521f6ff3a2222020021f5ff3a2222920041f4ff4a41',
  '42d4fc42c4185b414d014d044d013d033df03d0442611442c100cc12c6ef028c1286ee02250000',
].join('');

describe('relaxation', () => {
  it('does what GNU as does, byte for byte', () => {
    expect(hexOf(text(source).bytes.subarray(0, expected.length / 2))).toBe(expected);
  });

  it('leaves an instruction with an underscore as it is, or refuses it', () => {
    expect(() => text('_movi.n a5, 255')).toThrow('line 1: movi.n: 255 is not legal');
    expect(() => text('.begin no-transform\nsrli a3, a2, 30\n.end no-transform')).toThrow('srli: 30 is not');
  });

  it('says what even relaxation cannot do', () => {
    expect(() => text('s32i a2, a3, 5')).toThrow('line 1: s32i: 5 is not legal');
    expect(() => text('l32i a3, a3, 5')).toThrow('line 1: l32i: 5 is not legal');
    expect(() => text('addi a3, a3, 40000')).toThrow('line 1: addi: 40000 is not legal');
    expect(() => text('srli a3, a2, 32')).toThrow('line 1: srli: 32 is not legal');
  });

  it('forms the address of a load into its own base without a literal', () => {
    const lines = disassemble(text('l32i a3, a3, 2000').bytes).map((line) => line.text);
    expect(lines[0]).toMatch(/^addmi a3, a3, /);
    expect(lines[1]).toBe('l32i a3, a3, 208');
  });
});

describe('names', () => {
  it('of functions may be those of registers', () => {
    const { relocations } = text('.global f2\ncall8 f2\nj a3\nbeqz a2, b0\nb0: l32r a4, q1\nmovi a2, f2');
    expect(relocations.map(({ kind, symbol }) => [kind, symbol])).toEqual([
      ['abs32', 'f2'],
      ['call', 'f2'],
      ['jump', 'a3'],
      ['l32r', 'q1'],
    ]);
    expect(() => text('movi a2, a3')).toThrow('line 1: movi: "a3" is a register');
  });

  it('set to others are places of their own, for other objects as well', () => {
    const object = assembleText(
      '.global powl, size, gone\n.set powl, pow\n.set size, end-pow\n.set gone, elsewhere\npow: ret\nend: call0 gone\n',
    );
    const [section] = object.sections;
    expect([section.symbols.get('pow'), section.symbols.get('powl')]).toEqual([0, 0]);
    expect(object.absolutes).toEqual(new Map([['size', 2]]));
    expect(section.relocations).toMatchObject([{ kind: 'call', symbol: 'elsewhere' }]);
    expect(section.symbols.has('gone')).toBe(false);
  });
});
