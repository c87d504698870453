import { describe, expect, it } from 'vitest';
import { assembleText, link, sequentially, writeElf } from '../../../xtensa/index.ts';
import { createChip } from '../chip.ts';
import { readRomImage } from './image.ts';

/** A ROM of our own: its reset vector has the two words that every S3's has, then greets on UART0, each core in its way. */
const SOURCE = `
  j begin
  .org 4
  .word 0xabab
  .balign 4
uart: .word 0x60000000
control: .word 0x600c0000
constant: .word text
text: .ascii "ROM"
  .balign 4
begin:
  rsr.prid a2
  extui a2, a2, 0, 8
  l32r a3, uart
  addi a4, a2, -0xcd
  bnez a4, second
  l32r a6, constant
  movi a7, 3
1: l8ui a5, a6, 0
  s32i a5, a3, 0
  addi a6, a6, 1
  addi a7, a7, -1
  bnez a7, 1b
  l32r a3, control
  movi a5, 2
  s32i a5, a3, 0
1: j 1b
second:
  movi a5, 0x21
  s32i a5, a3, 0
1: j 1b
`;

/** The vector lies at 0x40000400, the text is read through the data bus: from the copy in the upper 128 KB. */
function testRom(): { elf: Uint8Array; raw: Uint8Array } {
  const address = 0x40000400;
  const object = assembleText(SOURCE, { bases: { '.text': address } });
  const text = object.sections.find(({ name }) => name === '.text')!;
  const bytes = Uint8Array.from(link([object], sequentially(address)).segments[0].bytes);
  const at = (label: string) => text.symbols.get(label)!;
  const data = bytes.slice(at('text'), at('text') + 3);
  new DataView(bytes.buffer).setUint32(at('constant'), 0x3ff00100, true);
  // Variables' first values: the last 16 bytes say that the ROM copies them, from 0x40050000 to RAM; the file has them there.
  const variables = 0x3fceb710;
  const copy = new Uint8Array(new Uint32Array([variables, variables + 8, 0x40050000, 0]).buffer);
  const values = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const raw = new Uint8Array(384 << 10);
  raw.set(bytes, 0x400);
  raw.set(data, 0x40100);
  raw.set(values, 0x50000);
  raw.set(copy, raw.length - copy.length);
  const segments = [
    { name: '.text', address, bytes },
    { name: '.rodata', address: 0x3ff00100, bytes: data },
    { name: '.copies', address: 0x40000000 + raw.length - copy.length, bytes: copy },
    { name: '.data', address: variables - 4, bytes: Uint8Array.from([9, 9, 9, 9, ...values, 9]) },
  ];
  return { raw, elf: writeElf({ entry: address, segments, symbols: new Map() }) };
}

describe('a ROM in place of the stand-in', () => {
  it('is read raw and from an ELF, to the same bytes', () => {
    const { raw, elf } = testRom();
    expect(Buffer.compare(readRomImage(raw), raw)).toBe(0);
    expect(Buffer.compare(readRomImage(elf), raw)).toBe(0);
  });

  it('runs on both cores from the reset vector', () => {
    const chip = createChip({ rom: readRomImage(testRom().raw) });
    let printed = '';
    chip.uart0.onOutput((byte) => (printed += String.fromCharCode(byte)));
    chip.run({ untilSeconds: 0.01 });
    expect(printed).toBe('ROM!');
    chip.reset();
    chip.run({ untilSeconds: chip.seconds + 0.01 });
    expect(printed).toBe('ROM!ROM!');
  });

  it('is refused in one sentence when it is none', () => {
    expect(() => readRomImage(new Uint8Array(100))).toThrow(/a ROM of 100 bytes: the ESP32-S3's has 393216/);
    expect(() => readRomImage(new Uint8Array(384 << 10))).toThrow(/no ROM of an ESP32-S3/);
  });
});
