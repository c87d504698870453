/** Loops with bodies that the loop instruction does not reach: bytes of GNU as 2.40 for the ESP32-S3, and what they do. */
import { describe, expect, it } from 'vitest';
import { executeElf } from '../../chip/exec/index.ts';
import { assembleFile } from '../tools.ts';
import { assembleText } from './assemble.ts';

const hex = (bytes: Uint8Array, count: number) => Buffer.from(bytes.subarray(0, count)).toString('hex');

/** What comes before the loop decides its alignment; the literal is an address, left out here. */
const program = (loop: string, before: string, body: string) =>
  `.literal_position\nf: entry a1, 32\n${before}${loop} a2, 2f\n${body.repeat(129)}2:\nretw\n`;
const wide = 'addx2 a3, a4, a5\n';
const narrow = 'addi a3, a3, 1\n';

/** The bytes behind the literal. */
const known = [
  ['loop', '', wide, '3641003df076821720010320001321fbfff0200020011300200020020322c201503490503490503490503490'],
  ['loop', '', narrow, '36410076821720010320001321fcfff0200020011300200020020322c2011b331b331b331b331b331b331b33'],
  ['loop', wide + narrow, wide, '36410050349032c30176821720010320001321fafff0200020011300200020020322c2015034905034905034'],
  ['loopnez', '', wide, '36410016d21976921720010320001321fbfff0200020011300200020020322c2015034905034905034905034'],
  ['loopnez', wide + wide, wide, '3641005034905034903df016d21976921720010320001321f9fff0200020011300200020020322c201503490'],
  ['loopnez', narrow, narrow, '36410032c30116c21176921720010320001321fafff0200020011300200020020322c2011b331b331b331b33'],
]; // biome-ignore format: a table

describe('loops with long bodies', () => {
  it('are written out as GNU as does', () => {
    for (const [loop, before, body, bytes] of known) {
      const assembled = assembleFile(program(loop, before, body), { base: 0x40370000 });
      expect(hex(assembled.bytes.subarray(4), bytes.length / 2), `${loop} ${before}`).toBe(bytes);
    }
  });

  it.each(['loop', 'loopnez', 'loopgtz'])('%s runs as often as it should', (loop) => {
    const count = (times: number) => {
      const source = `
        .literal_position
        .global _start
        _start: movi a2, ${times}
        movi a3, 0
        movi a6, 1
        ${loop} a2, 2f
        add a3, a3, a6
        ${'nop\n'.repeat(100)}
        2:
        movi a5, ${times}
        sub a2, a2, a5
        slli a2, a2, 4
        add a3, a3, a2
        movi a2, 1
        simcall`;
      return executeElf(assembleFile(source, { base: 0x40370000 }).elf()).exitCode;
    };
    expect(count(7)).toBe(7);
    if (loop !== 'loop') expect(count(0)).toBe(0);
    if (loop === 'loopgtz') expect(count(-3)).toBe(0);
  });

  it('and those of 256 bytes are not', () => {
    const { sections } = assembleText(`loop a2, 2f\n${wide.repeat(85)}2:\nnop\n`);
    expect(sections[0].bytes.length).toBeLessThan(3 + 255 + 8);
  });
});
