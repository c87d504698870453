import { describe, expect, it } from 'vitest';
import { assembleText, link, writeElf } from '../../../xtensa/index.ts';
import { findBoard } from '../../boards/index.ts';
import { type BoardExecOptions, executeOnBoard } from './execute.ts';

const CODE = 0x40378000;
const octal = findBoard('devkitc-n16r8');

interface Section {
  readonly address: number;
  readonly source?: string;
  readonly bytes?: Uint8Array;
  readonly write?: boolean;
}

/** An ELF of code at CODE and other segments; labels of the code are its symbols. */
function program(source: string, others: readonly Section[] = [], address = CODE): Uint8Array {
  const object = assembleText(source, { bases: { '.text': address } });
  const text = object.sections.find(({ name }) => name === '.text')!;
  const [{ bytes }] = link([object], () => address).segments;
  const symbols = new Map([...text.symbols].map(([name, offset]) => [name, address + offset]));
  const elf = writeElf({
    entry: symbols.get('_start')!,
    segments: [
      { name: '.text', address, bytes },
      ...others.map(({ address: at, bytes: data = new Uint8Array(0) }, index) => ({
        name: `.data${index}`,
        address: at,
        bytes: data,
      })),
    ],
    symbols,
  });
  for (const { address: at, write } of others) if (!write) makeReadOnly(elf, at);
  return elf;
}

/** Takes the writable flag off the section at an address, as a compiler leaves constants. */
function makeReadOnly(elf: Uint8Array, address: number): void {
  const view = new DataView(elf.buffer, elf.byteOffset);
  const [table, size, count] = [view.getUint32(32, true), view.getUint16(46, true), view.getUint16(48, true)];
  for (let header = table; header < table + size * count; header += size) {
    if (view.getUint32(header + 12, true) === address)
      view.setUint32(header + 8, view.getUint32(header + 8, true) & ~1, true);
  }
}

function run(file: Uint8Array, options: BoardExecOptions = {}) {
  let output = '';
  const collect = (bytes: Uint8Array) => void (output += new TextDecoder('latin1').decode(bytes));
  const result = executeOnBoard(file, {
    board: octal,
    maxCycles: 50_000_000,
    stdout: collect,
    stderr: collect,
    ...options,
  });
  return { ...result, output };
}

/** Reads `words` words from a3 on, one from each line of `stride` bytes, and ends with the cycles that took per line. */
const walk = (address: number, lines: number, stride: number) => `
_start:
  movi a3, ${address}
  movi a4, ${lines}
  movi a6, ${stride}
  rsr.ccount a7
1: l32i a5, a3, 0
  add a3, a3, a6
  addi a4, a4, -1
  bnez a4, 1b
  rsr.ccount a8
  sub a3, a8, a7
  movi a4, ${lines}
  quou a3, a3, a4
  movi a2, 1
  simcall
`;

describe('a program on a whole board', () => {
  it('speaks by simulator calls and UART0, and ends with its exit code', () => {
    const hello = `
text: .ascii "hi\\n"
  .balign 4
uart: .word 0x60000000
_start:
  movi a2, 4
  movi a3, 1
  movi a4, text
  movi a5, 3
  simcall
  l32r a3, uart
  movi a4, 0x55
  s32i a4, a3, 0
  movi a4, 100000
1: addi a4, a4, -1
  bnez a4, 1b
  movi a2, 1
  movi a3, 7
  simcall
`;
    const { output, exitCode, seconds, cycles } = run(program(hello));
    expect(output).toBe('hi\nU');
    expect(exitCode).toBe(7);
    expect(cycles / seconds).toBeCloseTo(240e6, -3);
  });

  it('waits for lines of PSRAM and flash as the caches do', () => {
    const bytes = Uint8Array.from({ length: 0x10000 }, (_, index) => index & 255);
    const cost = (write: boolean, options: BoardExecOptions = {}) =>
      run(program(walk(0x3c000000, 200, 64), [{ address: 0x3c000000, bytes, write }]), options).exitCode;
    // docs/esp32-s3.md B5, 64-byte lines: 170 cycles from octal PSRAM; from flash 473, of which the exit code keeps 8 bits.
    const lines64 = { dataCache: { bytes: 64 << 10, ways: 8, lineBytes: 64 } };
    expect(cost(true, lines64)).toBeGreaterThan(168);
    expect(cost(true, lines64)).toBeLessThan(180);
    expect(cost(false, lines64)).toBeGreaterThan(468 - 256);
    expect(cost(false, { ...lines64, psramSections: ['all'] })).toBe(cost(true, lines64));
    // A third of the time for a quarter of the line, and nothing at half the clock changes that much but its count of CPU cycles.
    expect(cost(true, { dataCache: { bytes: 32 << 10, ways: 4, lineBytes: 16 } })).toBeLessThan(110);
    expect(cost(true, { ...lines64, clockMegahertz: 80 })).toBeLessThan(100);
  });

  it('gives the data cache the ways that are asked for', () => {
    // Six lines of one set, again and again: they stay in 8 ways and not in 4.
    const source = `
_start:
  movi a6, 200
2: movi a3, 0x3d000000
  movi a4, 6
1: l32i a5, a3, 0
  addmi a3, a3, 0x2000
  addi a4, a4, -1
  bnez a4, 1b
  addi a6, a6, -1
  bnez a6, 2b
  movi a2, 1
  movi a3, 0
  simcall
`.replace('addmi a3, a3, 0x2000', 'addmi a3, a3, 0x2000');
    const cycles = (ways: 4 | 8) =>
      run(program(source), { dataCache: { bytes: 32 << 10, ways, lineBytes: 32 } }).cycles;
    expect(cycles(8) * 5).toBeLessThan(cycles(4));
  });

  it('runs code from flash behind the instruction cache', () => {
    const source = '_start:\n  movi a3, 5\n  movi a2, 1\n  simcall\n';
    const cached = run(program(source, [], 0x42000020));
    expect(cached.exitCode).toBe(5);
    expect(cached.cycles).toBeGreaterThan(200); // one line of flash
  });

  const TWO_CORES = `
control: .word 0x600c0000
shared: .word 0
flag: .word 0
constants: .word 1000
_start:
  l32r a3, control
  movi a4, second
  s32i a4, a3, 4
  movi a4, 2
  s32i a4, a3, 0
  movi a5, flag
1: memw
  l32i a4, a5, 0
  beqz a4, 1b
  rsr.prid a6
  add a3, a4, a6
  extui a3, a3, 0, 8
  movi a2, 1
  simcall
  .balign 4
second:
  rsr.prid a4
  movi a5, flag
  s32i a4, a5, 0
1: j 1b
`;
  // SRAM by the data bus: what code at CODE sees by l32r lies 0x6F0000 lower for stores.
  const twoCores = TWO_CORES.replaceAll('movi a5, flag', `movi a5, flag - 0x6f0000`);

  it('starts core 1 through the SYSTEM registers, and by option', () => {
    const expected = (0xcdcd + 0xabab) & 255;
    expect(run(program(twoCores)).exitCode).toBe(expected);
    const without = twoCores.replace(/ {2}l32r a3, control[\s\S]*?s32i a4, a3, 0\n/, '');
    expect(run(program(without), { core1: 'second' }).exitCode).toBe(expected);
    expect(() => run(program(without), { core1: 'nobody' })).toThrow(/no symbol "nobody"/);
    expect(() => run(program(without), { maxCycles: 10_000 })).toThrow(
      /did not end within 10000 cycles; core 0 at 0x4037/,
    );
  });

  it('reports exceptions of either core and gives windowed functions their handlers', () => {
    expect(run(program('_start:\n  movi a2, 0\n  l32i a3, a2, 0\n')).exitCode).toBe(128 + 28);
    const deep = `
_start:
  entry a1, 32
  movi a10, 60
  call8 sum
  mov a2, a10
  retw
  .balign 4
sum:
  entry a1, 48
  beqz a2, 1f
  addi a10, a2, -1
  call8 sum
  addi a2, a10, 2
1: retw
`;
    expect(run(program(deep)).exitCode).toBe(120);
  });

  it.each([
    ['outside of every memory', 0x20000000, /lies where an ESP32-S3 has no memory/],
    ["in the data cache's store", 0x3fcf8000, /SRAM that the DCache takes/],
  ])('refuses a segment %s', (_, address, sentence) => {
    expect(() => run(program('_start: nop\n', [{ address, bytes: new Uint8Array(16) }]))).toThrow(sentence);
  });

  it('refuses what the board has no room for', () => {
    const bytes = new Uint8Array(16);
    const bare = { board: findBoard('devkitc-n8') };
    expect(() => run(program('_start: nop\n', [{ address: 0x3c000000, bytes, write: true }]), bare)).toThrow(
      /has 0/,
    );
    const both = [
      { address: 0x3c000000, bytes, write: true },
      { address: 0x3c001000, bytes },
    ];
    expect(() => run(program('_start: nop\n', both))).toThrow(/flash and PSRAM at once/);
  });
});
