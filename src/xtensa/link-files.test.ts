/**
 * Object files between this assembler and GNU's. The recorded ones are of GNU as 2.35.1 for the ESP32-S3; `kernel` with
 * --longcalls. GNU ld for the ESP8266 (Debian: binutils-xtensa-lx106) links ours, where it is
 * installed; else what it made of them is recorded, too.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { dataText } from '../testing/shared-files.ts';
import { readElf } from './elf.ts';
import { linkFiles } from './link-files.ts';
import { disassemble } from './text/disassemble.ts';
import { assembleObject } from './tools.ts';

const kernel = `
    .text
    .align 4
    .literal_position
    .global kernel
    .type kernel, @function
kernel:
    entry a1, 32
    movi a3, table
    movi a4, 0
    movi a5, 5
    loop a5, 1f
    l32i a6, a3, 0
    add a4, a4, a6
    addi a3, a3, 4
1:  call8 helper
    mov a10, a4
    call8 helper
    mov a2, a10
    retw
    .size kernel, .-kernel
    .data
    .global table
table: .word 1, 2, 3, 4, 5
    .word kernel, table+4, outside
    .comm shared, 64, 16
`;

const program = `
    .global _start
    .text
    .align 4
helper2: ret
    .global helper
    .align 4
helper: entry a1, 32
    movi a3, shared
    l32i a4, a3, 0
    addi a4, a4, 1
    s32i a4, a3, 0
    add a2, a2, a4
    retw
    .align 4
_start: entry a1, 32
    call8 kernel
    mov a2, a10
    retw
    .comm shared, 16
    .global outside
    .set outside, 0x1234
`;

const gnuKernel = [
  'f0VMRgEBAQAAAAAAAAAAAAEAXgABAAAAAAAAAAAAAAA8AwAAAAMAADQAAAAAACgAEAAPAAAAAAAAAAAAAAAAADZBADEAAAwEDFV2hQVoA2pE',
  'SzOBAADgCACtBIEAAOAIAC0KHfABAAAAAgAAAAMAAAAEAAAABQAAAAAAAAAAAAAAAAAAAAwAAAAgAAAAAQAAAFh0ZW5zYV9JbmZvAFVTRV9B',
  'QlNPTFVURV9MSVRFUkFMUz0wCkFCST0wCgAAAAAAAAwAAAAAAAAADAAAAAEAAAAAAAAAAAAAAAQoAAAAAAAAEwAAAAIAAAATAAAAEgAAABIA',
  'AAAlAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwADAAAAAAAAAAAAAAAAAAMABQAAAAAAAAAAAAAAAAADAAcA',
  'AAAAAAAAAAAAAAAAAwABAAAAAAAAAAAAAAAAAAMACAAAAAAAAAAAAAAAAAADAAkAAAAAAAAAAAAAAAAAAwALAAEAAAAAAAAAJQAAABIAAwAI',
  'AAAAAAAAAAAAAAAQAAUADgAAAAAAAAAAAAAAEAAAABUAAAAAAAAAAAAAABAAAAAdAAAAEAAAAEAAAAARAPL/AGtlcm5lbAB0YWJsZQBoZWxw',
  'ZXIAb3V0c2lkZQBzaGFyZWQAAAAAAAEJAAAAAAAABAAAAAEKAAAAAAAACAAAAAEKAAAAAAAAAwAAABQEAAAAAAAACgAAABQBAAATAAAAEwAA',
  'ABQEAAAEAAAAEwAAAAsKAAAAAAAAGwAAABQEAAAIAAAAGwAAAAsKAAAAAAAAFAAAAAEIAAAAAAAAGAAAAAEJAAAEAAAAHAAAAAELAAAAAAAA',
  'AAAAAAEEAAAAAAAAAAAAAAEEAAAAAAAADAAAAAEBAAAAAAAAGAAAAAEBAAAAAAAAJAAAAAEBAAAAAAAAMAAAAAEBAAAAAAAAAC5zeW10YWIA',
  'LnN0cnRhYgAuc2hzdHJ0YWIALnJlbGEubGl0ZXJhbAAucmVsYS50ZXh0AC5yZWxhLmRhdGEALmJzcwAueHRlbnNhLmluZm8ALnJlbGEueHQu',
  'bGl0AC5yZWxhLnh0LnByb3AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAABAAAABgAAAAAAAAA0AAAADAAA',
  'AAAAAAAAAAAABAAAAAAAAAAbAAAABAAAAEAAAAAAAAAA+AEAACQAAAANAAAAAQAAAAQAAAAMAAAALgAAAAEAAAAGAAAAAAAAAEAAAAAlAAAA',
  'AAAAAAAAAAAEAAAAAAAAACkAAAAEAAAAQAAAAAAAAAAcAgAASAAAAA0AAAADAAAABAAAAAwAAAA5AAAAAQAAAAMAAAAAAAAAZQAAACAAAAAA',
  'AAAAAAAAAAEAAAAAAAAANAAAAAQAAABAAAAAAAAAAGQCAAAkAAAADQAAAAUAAAAEAAAADAAAAD8AAAAIAAAAAwAAAAAAAACFAAAAAAAAAAAA',
  'AAAAAAAAAQAAAAAAAABEAAAABwAAAAAAAAAAAAAAhQAAADgAAAAAAAAAAAAAAAEAAAAAAAAAVgAAAAEAAAAAAAAAAAAAAL0AAAAIAAAAAAAA',
  'AAAAAAABAAAAAAAAAFEAAAAEAAAAQAAAAAAAAACIAgAADAAAAA0AAAAJAAAABAAAAAwAAABjAAAAAQAAAAAAAAAAAAAAxQAAADwAAAAAAAAA',
  'AAAAAAEAAAAAAAAAXgAAAAQAAABAAAAAAAAAAJQCAAA8AAAADQAAAAsAAAAEAAAADAAAAAEAAAACAAAAAAAAAAAAAAAEAQAA0AAAAA4AAAAI',
  'AAAABAAAABAAAAAJAAAAAwAAAAAAAAAAAAAA1AEAACQAAAAAAAAAAAAAAAEAAAAAAAAAEQAAAAMAAAAAAAAAAAAAANACAABsAAAAAAAAAAAA',
  'AAABAAAAAAAAAA==',
].join('');

const gnuProgram = [
  'f0VMRgEBAQAAAAAAAAAAAAEAXgABAAAAAAAAAAAAAAAAAwAAAAMAADQAAAAAACgADwAOAAAAAAAN8AAANkEAMQAASAMbREkDSiId8DZBACUA',
  'AC0KHfAMAAAAIAAAAAEAAABYdGVuc2FfSW5mbwBVU0VfQUJTT0xVVEVfTElURVJBTFM9MApBQkk9MAoAAAAAAAAEAAAAAAAAAAQAAAABAAAA',
  'AAAAAAAAAAAEKAAAAAAAAAIAAAACAAAAAgAAAAAAAAAIKAAABAAAABAAAAACAAAAFAAAAAAAAAAIKAAAFAAAAAoAAAACAAAAHgAAAAAAAAAI',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwADAAAAAAAAAAAAAAAAAAMABQAAAAAAAAAAAAAAAAADAAYAAQAAAAAAAAAAAAAA',
  'AAADAAAAAAAAAAAAAAAAAAMAAQAAAAAAAAAAAAAAAAADAAcAAAAAAAAAAAAAAAAAAwAIAAAAAAAAAAAAAAAAAAMACgAJAAAAFAAAAAAAAAAQ',
  'AAMAEAAAAAQAAAAAAAAAEAADABcAAAAQAAAAEAAAABEA8v8eAAAAAAAAAAAAAAAQAAAAJQAAADQSAAAAAAAAEADx/wBoZWxwZXIyAF9zdGFy',
  'dABoZWxwZXIAc2hhcmVkAGtlcm5lbABvdXRzaWRlAAAAAAAAAAABCwAAAAAAAAcAAAAUBQAAAAAAABcAAAAUDAAAAAAAAAAAAAABBQAAAAAA',
  'AAAAAAABBQAAAAAAAAwAAAABAQAAAAAAABgAAAABAQAAAAAAACQAAAABAQAAAAAAADAAAAABAQAAAAAAADwAAAABAQAAAAAAAEgAAAABAQAA',
  'AAAAAFQAAAABAQAAAAAAAAAuc3ltdGFiAC5zdHJ0YWIALnNoc3RydGFiAC5yZWxhLmxpdGVyYWwALnJlbGEudGV4dAAuZGF0YQAuYnNzAC54',
  'dGVuc2EuaW5mbwAucmVsYS54dC5saXQALnJlbGEueHQucHJvcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAA',
  'AAABAAAABgAAAAAAAAA0AAAABAAAAAAAAAAAAAAABAAAAAAAAAAbAAAABAAAAEAAAAAAAAAACAIAAAwAAAAMAAAAAQAAAAQAAAAMAAAALgAA',
  'AAEAAAAGAAAAAAAAADgAAAAeAAAAAAAAAAAAAAAEAAAAAAAAACkAAAAEAAAAQAAAAAAAAAAUAgAAGAAAAAwAAAADAAAABAAAAAwAAAA0AAAA',
  'AQAAAAMAAAAAAAAAVgAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAOgAAAAgAAAADAAAAAAAAAFYAAAAAAAAAAAAAAAAAAAABAAAAAAAAAD8AAAAH',
  'AAAAAAAAAAAAAABWAAAAOAAAAAAAAAAAAAAAAQAAAAAAAABRAAAAAQAAAAAAAAAAAAAAjgAAAAgAAAAAAAAAAAAAAAEAAAAAAAAATAAAAAQA',
  'AABAAAAAAAAAACwCAAAMAAAADAAAAAgAAAAEAAAADAAAAF4AAAABAAAAAAAAAAAAAACWAAAAYAAAAAAAAAAAAAAAAQAAAAAAAABZAAAABAAA',
  'AEAAAAAAAAAAOAIAAGAAAAAMAAAACgAAAAQAAAAMAAAAAQAAAAIAAAAAAAAAAAAAAPgAAADgAAAADQAAAAkAAAAEAAAAEAAAAAkAAAADAAAA',
  'AAAAAAAAAADYAQAALQAAAAAAAAAAAAAAAQAAAAAAAAARAAAAAwAAAAAAAAAAAAAAmAIAAGcAAAAAAAAAAAAAAAEAAAAAAAAA',
].join('');

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const base = 0x40378000;
const options = { base, dataBase: 0x3fc90000 };
const ours = {
  kernel: { file: 'kernel.o', bytes: assembleObject(kernel) },
  program: { file: 'program.o', bytes: assembleObject(program) },
};
const gnu = {
  kernel: { file: 'kernel.o', bytes: bytesOf(gnuKernel) },
  program: { file: 'program.o', bytes: bytesOf(gnuProgram) },
};

describe('an object file', () => {
  const elf = readElf(ours.kernel.bytes);

  it('has the symbols that it defines, shares and wants', () => {
    const symbols = elf.symbols.filter(({ isGlobal }) => isGlobal);
    expect(symbols.map(({ name, section, value, size }) => [name, section, value, size])).toEqual([
      ['kernel', 1, 4, 32],
      ['table', 2, 0, 0],
      ['shared', 0xfff2, 16, 64],
      ['helper', 0, 0, 0],
      ['outside', 0, 0, 0],
    ]);
    expect(elf.sections.slice(1, 3)).toMatchObject([
      { name: '.text', align: 4, flags: { allocate: true, write: false, execute: true } },
      { name: '.data', align: 4, flags: { allocate: true, write: true, execute: false } },
    ]);
  });

  it('has a relocation for whatever leaves its section', () => {
    const relocations = elf.sections.slice(1, 3).map((section) => section.relocations);
    const shown = relocations.map((list) =>
      list.map(({ offset, type, symbol, addend }) => [offset, type, symbol?.name, addend]),
    );
    expect(shown).toEqual([
      [
        [0, 1, 'table', 0],
        [0x17, 20, 'helper', 0],
        [0x1d, 20, 'helper', 0],
      ],
      [
        [0x14, 1, 'kernel', 0],
        [0x18, 1, 'table', 4],
        [0x1c, 1, 'outside', 0],
      ],
    ]);
  });

  it('may be without bytes, weak, or no memory at all', () => {
    const read = readElf(
      assembleObject('.bss\nbuffer: .space 100\n.section .debug_x, ""\n.word 1\n.weak w\n.text\ncall0 w\n'),
    );
    expect(read.sections.slice(1, 4)).toMatchObject([
      { name: '.text' },
      { name: '.bss', type: 8, size: 100 },
      { name: '.debug_x', flags: { allocate: false } },
    ]);
    expect(read.symbols.find(({ name }) => name === 'w')).toMatchObject({ isWeak: true, section: 0 });
  });
});

describe('link', () => {
  it.each([
    ['our objects', [ours.kernel, ours.program]],
    ["GNU's objects", [gnu.kernel, gnu.program]],
    ['ours and theirs', [ours.kernel, gnu.program]],
    ['theirs and ours', [gnu.kernel, ours.program]],
  ])('takes %s', (_, files) => {
    const { segments, symbols, entry } = linkFiles(files, options);
    expect(entry).toBe(symbols.get('_start'));
    const data = segments.find(({ name }) => name === '.data')!;
    const words = new DataView(data.bytes.buffer, data.bytes.byteOffset);
    expect([5, 6, 7].map((index) => words.getUint32(4 * index, true))).toEqual([
      symbols.get('kernel'),
      data.address + 4,
      0x1234,
    ]);
    const last = segments.filter(({ name }) => name === '.text').at(-1)!;
    const lines = disassemble(last.bytes, last.address);
    expect(lines.some(({ text }) => text === `call8 0x${symbols.get('kernel')!.toString(16)}`)).toBe(true);
    expect(symbols.get('shared')! % 16).toBe(0);
    expect(symbols.get('_end')).toBe(symbols.get('shared')! + 64);
  });

  it('puts code before constants before data before zeros, data elsewhere where that is asked', () => {
    const source = '.bss\n.space 8\n.data\n.word 1\n.section .rodata\n.word 2\n.text\nret\nret';
    const linked = linkFiles([{ file: 'x.o', bytes: assembleObject(source) }], {
      base,
      dataBase: (end) => end - 0x6f0000 + 12,
    });
    expect(linked.map()).toBe(
      '3fc88010        4 .rodata              x.o\n' +
        '3fc88014        4 .data                x.o\n' +
        '3fc88018        8 .bss                 x.o\n' +
        '40378000        4 .text                x.o\n',
    );
    const shown = readElf(linked.elf()).segments.map(({ address, memorySize, bytes, flags }) => [
      address,
      memorySize,
      bytes.length,
      `${flags.write ? 'w' : ''}${flags.execute ? 'x' : ''}`,
    ]);
    expect(shown).toEqual([
      [0x3fc88010, 4, 4, ''],
      [0x3fc88014, 4, 4, 'w'],
      [0x3fc88018, 8, 0, 'w'],
      [0x40378000, 4, 4, 'x'],
    ]);
  });

  it('lets a definition win over weak ones, and leaves a weak wish at zero', () => {
    const object = (source: string) => ({ file: 'x.o', bytes: assembleObject(source) });
    const weak = object('.global f\n.weak f\nf: nop\n.weak none\n.data\n.word f, none\n');
    const strong = object('.global f\nf: ret\n');
    const { segments, symbols } = linkFiles([weak, strong], options);
    const data = new DataView(segments.find(({ name }) => name === '.data')!.bytes.slice().buffer);
    expect([data.getUint32(0, true), data.getUint32(4, true)]).toEqual([symbols.get('f'), 0]);
    expect(symbols.get('f')).toBe(base + 4);
  });

  it('fills in absolute addresses', () => {
    const source = '.set there, 0x40378100\ncall0 0x40378100\nj there\n.data\n.word there\n';
    const { segments } = linkFiles([{ file: 'x.o', bytes: assembleObject(source) }], options);
    expect(disassemble(segments[0].bytes, base).map(({ text }) => text)).toEqual([
      'call0 0x40378100',
      'j 0x40378100',
    ]);
    expect(Buffer.from(segments[1].bytes).readUInt32LE()).toBe(0x40378100);
  });

  it('takes from archives only what is wanted', () => {
    const member = (name: string, source: string): Buffer => {
      const bytes = assembleObject(source);
      const header = `${`${name}/`.padEnd(48)}${String(bytes.length).padEnd(10)}\`\n`;
      return Buffer.concat([Buffer.from(header), bytes, Buffer.from(bytes.length % 2 ? '\n' : '')]);
    };
    const archive = Buffer.concat([
      Buffer.from('!<arch>\n'),
      member('a.o', '.global a\na: call0 b\n'),
      member('b.o', '.global b\nb: ret\n'),
      member('c.o', '.global c\nc: call0 nowhere\n'),
    ]);
    const main = { file: 'main.o', bytes: assembleObject('.global _start\n_start: call0 a\n') };
    const { symbols } = linkFiles([{ file: 'lib.a', bytes: archive }, main], options);
    expect([symbols.has('a'), symbols.has('b'), symbols.has('c')]).toEqual([true, true, false]);
    const cut = archive.subarray(0, archive.length - 100);
    expect(() => linkFiles([{ file: 'lib.a', bytes: cut }, main], options)).toThrow('the archive is damaged');
  });

  it.each([
    [[ours.kernel], 'undefined symbol "helper", wanted by kernel.o, .text, "kernel" + 0x13.'],
    [
      [ours.kernel, ours.program, ours.kernel],
      'symbol "kernel" is defined twice (again in kernel.o, .text).',
    ],
    [
      [{ file: 'a.txt', bytes: Buffer.from('hello') }],
      'a.txt: this is no ELF object file and no archive of them.',
    ],
    [[{ file: 'cut.o', bytes: ours.kernel.bytes.subarray(0, 300) }], 'cut.o: the ELF file is cut off'],
  ])('refuses in one sentence: %#', (files, message) => {
    expect(() => linkFiles(files, options)).toThrow(message);
    expect(() => linkFiles(files, options)).toThrow(FailureError);
  });

  it('survives any damage', () => {
    const { bytes } = gnu.kernel;
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, (changes) => {
        const copy = bytes.slice();
        for (const [at, value] of changes) copy[at] = value;
        try {
          linkFiles([{ file: 'kernel.o', bytes: copy }, ours.program], options);
        } catch (error) {
          expect(error).toBeInstanceOf(FailureError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const gnuLinker = 'xtensa-lx106-elf-ld';
/** The ESP8266's core has neither register windows nor loops; what a linker touches is the same. */
const callZero = {
  kernel: { file: 'kernel.o', bytes: assembleObject(kernel.replaceAll('call8', 'call0')) },
  program: { file: 'program.o', bytes: assembleObject(program.replaceAll('call8', 'call0')) },
};
const isInstalled = spawnSync(gnuLinker, ['--version']).status === 0;

/** The objects' SHA-256, and what GNU ld 2.40 makes of them (gzip, base64): data/README.md. */
const recorded: Record<'objects' | 'relaxing' | '--no-relax', string> = JSON.parse(
  dataText('goldens/gnu-ld.json'),
);

/** What GNU ld makes of our objects here, or made of the very same ones where they were recorded. */
function linkedByGnu(mode: 'relaxing' | '--no-relax'): Uint8Array {
  const hash = createHash('sha256');
  for (const { bytes } of Object.values(callZero)) hash.update(bytes);
  expect(hash.digest('hex'), 'the objects have changed: data/README.md says how to record anew').toBe(
    recorded.objects,
  );
  if (!isInstalled) return gunzipSync(Buffer.from(recorded[mode], 'base64'));
  const folder = mkdtempSync(join(tmpdir(), 'ld-'));
  try {
    for (const { file, bytes } of Object.values(callZero)) writeFileSync(join(folder, file), bytes);
    const places = ['-e', '_start', '-Ttext=0x40378000', '-Tdata=0x3fc90000'];
    const flags = [...places, ...(mode === '--no-relax' ? [mode] : [])];
    const result = spawnSync(gnuLinker, [...flags, 'kernel.o', 'program.o', '-o', 'p.elf'], { cwd: folder });
    expect(result.stderr.toString()).toBe('');
    return readFileSync(join(folder, 'p.elf'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('GNU ld', () => {
  it.each(['relaxing', '--no-relax'] as const)('links our objects, %s', (mode) => {
    const elf = readElf(linkedByGnu(mode));
    const text = elf.sections.find(({ name }) => name === '.text')!;
    const mine = linkFiles(Object.values(callZero), options);
    const [one, , other] = mine.segments;
    // But for the address of `shared` in the last literal, which is GNU ld's to choose.
    const literal = text.bytes.length - other.bytes.length;
    const mask = (bytes: Uint8Array, at: number): string =>
      Buffer.from(bytes)
        .fill(0, at, at + 4)
        .toString('hex');
    expect(Buffer.from(text.bytes).subarray(4, one.bytes.length).toString('hex')).toBe(
      Buffer.from(one.bytes).subarray(4).toString('hex'),
    );
    expect(mask(text.bytes.subarray(literal), 0)).toBe(mask(other.bytes, 0));
    expect(elf.entry).toBe(mine.entry);
  });
});
