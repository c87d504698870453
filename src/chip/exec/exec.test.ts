import { describe, expect, it } from 'vitest';
import { FailureError } from '../../errors.ts';
import { assembleText, link, sequentially, writeElf } from '../../xtensa/index.ts';
import { type FlatExecOptions as ExecOptions, executeElf } from './exec.ts';

/** An ELF of one text segment at `address`, entered at the symbol `_start`. */
function program(
  source: string,
  address = 0x40378000,
  symbols: Readonly<Record<string, number>> = {},
): Uint8Array {
  const object = assembleText(source, { bases: { '.text': address } });
  const { segments } = link([object], sequentially(address));
  const [text] = object.sections;
  return writeElf({
    entry: address + text.symbols.get('_start')!,
    segments: segments.map(({ name, address: at, bytes }) => ({ name, address: at, bytes })),
    symbols: new Map(Object.entries(symbols)),
  });
}

function run(file: Uint8Array, options: ExecOptions = {}) {
  const output: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr') => (bytes: Uint8Array) => {
    output[name] += new TextDecoder('latin1').decode(bytes);
  };
  const result = executeElf(file, {
    maxCycles: 20_000_000,
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    ...options,
  });
  return { ...result, ...output };
}

const HELLO = `
message: .ascii "hello\\n"
  .balign 4
_start:
  movi a2, 4
  movi a3, 1
  movi a4, message
  movi a5, 6
  simcall
  mov a3, a2
  movi a2, 1
  simcall
`;

describe('executeElf', () => {
  it.each([0x40000000, 0x40378000, 0x42000000, 0x60000000, 0x3fc88000, 0xd0000000, 0x400])(
    'runs a program linked at 0x%s',
    (address) => {
      const result = run(program(HELLO, address));
      expect(result.stdout).toBe('hello\n');
      expect(result.exitCode).toBe(6);
    },
  );

  it('counts instructions and cycles', () => {
    const { instructions, cycles } = run(program('_start: movi a2, 1\n  movi a3, 0\n  nop\n  simcall\n'));
    // The simulator call itself ends the count.
    expect(instructions).toBe(4);
    expect(cycles).toBe(4);
  });

  it('runs windowed functions deeper than the register file without vectors of their own', () => {
    const source = `
_start:
  movi a10, 60
  call8 sum
  mov a3, a10
  movi a2, 1
  simcall
  .balign 4
sum:
  entry a1, 48
  beqz a2, 1f
  addi a10, a2, -1
  call8 sum
  addi a2, a10, 2
1: retw
`;
    expect(run(program(source)).exitCode).toBe(120);
    expect(run(program(source, 0x60000000)).exitCode).toBe(120);
  });

  it('uses the vectors that a program brings', () => {
    const own = `
  .begin no-transform
  s32e a0, a5, -16
  movi.n a3, 33
  movi.n a2, 1
  simcall
  .balign 64
  l32e a0, a5, -16
  rfwu
  .end no-transform
  .org 0x400
_start:
  call4 f
  .balign 4
f: entry a1, 32
  call4 f
`;
    expect(run(program(own, 0x40000000)).exitCode).toBe(33);
  });

  it('enters a program whose first function is windowed, or that returns', () => {
    expect(
      run(program('_start: entry a1, 32\n  addi a2, a2, 40\n  retw\n'), { argv: ['p', 'q'] }).exitCode,
    ).toBe(42);
    expect(run(program('_start: movi a2, 17\n  ret\n')).exitCode).toBe(17);
  });

  it('hands over arguments and standard input', () => {
    const source = `
  .balign 4
buffer: .space 64
_start:
  movi a2, 1002
  movi a3, buffer
  simcall
  movi a6, buffer
  l32i a4, a6, 4
  movi a2, 4
  movi a3, 1
  movi a5, 3
  simcall
  movi a2, 3
  movi a3, 0
  movi a4, buffer
  movi a5, 64
  simcall
  mov a5, a2
  movi a2, 4
  movi a3, 1
  movi a4, buffer
  simcall
  movi a2, 1
  movi a3, 0
  simcall
`;
    const result = run(program(source), { argv: ['name', 'arg'], stdin: new TextEncoder().encode('typed') });
    expect(result.stdout).toBe('argtyped');
  });

  it('gives argc and argv to a first function that takes them', () => {
    const source = '_start: entry a1, 32\n  l32i a4, a3, 4\n  l8ui a2, a4, 0\n  retw\n';
    expect(run(program(source), { argv: ['name', 'A'] }).exitCode).toBe(65);
  });

  it('reports a breakpoint, and a wait that nothing can end', () => {
    expect(run(program('_start: break 0, 0\n')).stderr).toContain('breakpoint');
    expect(() => run(program('_start: waiti 15\n'))).toThrow(/waits at 0x40378/);
  });

  it('reports an exception with cause, address and registers', () => {
    const result = run(program('_start: movi a9, 0x77\n  movi a2, 8\n  l32i a3, a2, 0\n'));
    expect(result.exitCode).toBe(128 + 28);
    expect(result.stderr).toMatch(/exception 28 \(load prohibited\) at pc 0x403780\w\w, address 0x00000008/);
    expect(result.stderr).toContain('a9 0x00000077');
    expect(run(program('_start: ill\n')).stderr).toContain('exception 0 (illegal instruction)');
    expect(run(program('_start: movi a2, 0\n  quou a3, a3, a2\n')).exitCode).toBe(128 + 6);
    expect(run(program('_start: movi a2, 0x20000000\n  jx a2\n')).stderr).toContain('exception 2');
  });

  it('spills all windows on request, as setjmp does, and lets movsp reload its caller', () => {
    const source = `
_start:
  movi a12, 7
  call8 f
  addi a3, a10, 0
  movi a2, 1
  simcall
  .balign 4
f: entry a1, 48
  movi a3, 30
  movi a10, 5
  call8 g
  add a2, a10, a3
  retw
  .balign 4
g: entry a1, 48
  mov a7, a2
  movi a2, 0
  syscall
  addi a5, a1, -32
  movsp a1, a5
  addi a2, a7, 1
  retw
`;
    expect(run(program(source)).exitCode).toBe(36);
  });

  it('stops a program that does not end', () => {
    expect(() => run(program('_start: j _start\n'), { maxCycles: 10_000 })).toThrow(FailureError);
    expect(() => run(program('_start: j _start\n'), { maxCycles: 10_000 })).toThrow(
      /did not end within 10000 cycles/,
    );
  });

  it('refuses what is no program', () => {
    expect(() => executeElf(new Uint8Array(10))).toThrow(FailureError);
  });

  it('takes the same cycles every time', () => {
    const first = run(program(HELLO));
    const second = run(program(HELLO));
    expect(second.cycles).toBe(first.cycles);
  });
});
