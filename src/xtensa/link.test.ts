import { describe, expect, it } from 'vitest';
import { createAssembler } from './assembler.ts';
import { link, sequentially } from './link.ts';
import { a2, a3 } from './registers.ts';
import { assembleText } from './text/assemble.ts';
import { disassemble } from './text/disassemble.ts';

const base = 0x40380000;

describe('link', () => {
  it('resolves calls, jumps, literals and words between objects', () => {
    const caller = assembleText(
      '.global main\nmain: call0 helper\n j helper\n movi a2, value+4\n l32r a3, shared\n',
    );
    const callee = assembleText('.global helper, shared\nshared: .word 7\nhelper: ret\n');
    const order = sequentially(base);
    // l32r reaches only backwards, so the object with the literal lies lower.
    const { segments, symbols } = link([callee, caller], order, { symbols: { value: 0x3fc90000 } });
    const [low, high] = segments;
    expect(symbols.get('helper')).toBe(base + 4);
    expect(disassemble(high.bytes.subarray(4), high.address + 4).map(({ text }) => text)).toEqual([
      'call0 0x40380004',
      'j 0x40380004',
      `l32r a2, 0x${high.address.toString(16)}`,
      'l32r a3, 0x40380000',
    ]);
    expect(new DataView(high.bytes.buffer).getUint32(0, true)).toBe(0x3fc90004);
    expect(low.address).toBe(base);
  });

  it('calls absolute addresses, such as ROM routines', () => {
    const asm = createAssembler();
    asm.call0(0x40350000);
    const [{ bytes }] = link([asm.finish()], () => base).segments;
    expect(disassemble(bytes, base)[0].text).toBe('call0 0x40350000');
  });

  it('keeps local symbols of objects apart', () => {
    const one = assembleText('.global one\none: beqz a2, .Lend\n .space 3000\n.Lend: ret\n.word .Lend\n');
    const other = assembleText('.Lend: ret\nlocal: .word local\n');
    const { segments, symbols } = link([one, other], sequentially(base));
    expect([...symbols.keys()]).toEqual(['one']);
    expect(segments).toHaveLength(2);
  });

  it('says in one sentence what is undefined, defined twice, out of reach, misplaced or overlapping', () => {
    const object = assembleText('.global f\nf: nop\n call0 g\n');
    expect(() => link([object], () => base)).toThrow('undefined symbol "g", wanted by .text, "f" + 0x2.');
    expect(() => link([object], () => base, { symbols: { g: 0x3fc00000 } })).toThrow(
      /wants "g": call0: .* out of reach/,
    );
    expect(() => link([object], () => base, { symbols: { g: base + 6 } })).toThrow(
      'must be aligned to 4 bytes',
    );
    expect(() =>
      link([object, assembleText('.global f\nf: ret')], sequentially(base), { symbols: { g: base } }),
    ).toThrow('symbol "f" is defined twice');
    expect(() => link([object], () => base + 2, { symbols: { g: base } })).toThrow(
      'section .text must be aligned to 4',
    );
    expect(() => link([object, assembleText('ret')], () => base, { symbols: { g: base } })).toThrow(
      'overlap at 0x40380000',
    );
  });

  it('leaves out sections that get no address', () => {
    const asm = createAssembler();
    asm.addi(a2, a3, 1);
    asm.section('.comment', { code: false });
    asm.byte(1);
    const { segments } = link([asm.finish()], ({ name }) => (name === '.comment' ? undefined : base));
    expect(segments.map(({ name }) => name)).toEqual(['.text']);
  });
});
