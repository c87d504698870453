import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { version0Bytes } from '../model/testing.ts';
import { main } from './main.ts';
import { createProgram } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-'));
const file = (name: string, contents: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
};
const config = {
  dim: 8,
  hiddenDim: 12,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  vocabulary: 16,
  context: 8,
  sharedClassifier: true,
  activation: 'silu' as const,
};

let out: string;
let err: string;
let code: typeof process.exitCode;

beforeEach(() => {
  [out, err, code] = ['', '', process.exitCode];
  const catching = (take: (text: string) => void) => (chunk: string | Uint8Array) => {
    take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(catching((text) => (out += text)));
  vi.spyOn(process.stderr, 'write').mockImplementation(catching((text) => (err += text)));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = code;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('misuse is one sentence and exit code 2', () => {
  const cases: [args: string[], sentence: RegExp][] = [
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['run', '--model', join(folder, 'nowhere.bin')], /nowhere\.bin does not exist/],
    [['run', '--board', 'toaster'], /Allowed choices are t-camera-s3/],
    [['run', '--temperature', 'hot'], /Give a number from 0 to 10/],
    [['run', '--seed', '0'], /Give a whole number from 1/],
    [['run', '--boards', '4'], /Allowed choices are 2, 3/],
    [['flash', '--boards', '2'], /--boards and --part belong together/],
    [['eval'], /name a text with --text/],
    [['pull', 'gpt4'], /choose one of stories260K, stories15M/],
    [
      ['exec', file('a.wasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), '--invoke', 'f'],
      /exports no function "f"/,
    ],
    [['asm', file('bad.s', 'addi a2, a99, 1\n')], /line 1|bad\.s|:1/],
    [
      ['flash', '--port', 'localhost:99999', '--model', file('m.bin', version0Bytes(config))],
      /no tokenizer with 16 pieces/,
    ],
  ];
  it.each(cases)('%j', async (args, sentence) => {
    expect(await main(args)).toBe(2);
    expect(err).toMatch(sentence);
    expect(err).not.toMatch(/ at .*\.ts:\d+/);
    expect(out).toBe('');
  });
});

describe('failure is one sentence and exit code 1', () => {
  const cases: [args: string[], sentence: RegExp][] = [
    [['inspect', file('cut.bin', version0Bytes(config).subarray(0, 500))], /cut short by \d+ bytes/],
    [['inspect', file('text.bin', 'this is not a checkpoint at all, is it?')], /the header says/],
    [['monitor', '--port', 'localhost:9', '--model', 'none'], /nothing listens there/],
    [['exec', file('bad.elf', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 9, 9))], /ELF/],
    [['exec', file('bad.wasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 9, 9)), '--invoke', 'f'], /./],
  ];
  it.each(cases)('%j', async (args, sentence) => {
    expect(await main(args)).toBe(1);
    expect(err).toMatch(sentence);
    expect(err).not.toMatch(/internal error| at .*\.ts:\d+/);
  });
});

describe('what goes well', () => {
  it('every verb has help, whose defaults people can read', () => {
    const { commands } = createProgram();
    expect(commands.length).toBeGreaterThan(20);
    for (const command of commands) {
      const help = command.helpInformation();
      expect(help, command.name()).toContain(`Usage: esp32-llm ${command.name()}`);
      expect(help, command.name()).not.toMatch(/default: [[{]/);
    }
  });

  it('inspect describes a checkpoint for programs', async () => {
    const path = file('tiny.bin', version0Bytes(config));
    expect(await main(['inspect', path, '--json'])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ config, fits: expect.any(Array) });
  });

  it('asm and disasm are each other backwards, and exec runs what they make', async () => {
    const source = file('p.s', '.global _start\n_start:\n  movi.n a3, 7\n  movi.n a2, 1\n  simcall\n');
    const elf = join(folder, 'p.elf');
    expect(await main(['asm', source, '--elf', elf])).toBe(0);
    expect(await main(['disasm', elf])).toBe(0);
    expect(out).toMatch(/movi\.n\s+a3, 7/);
    expect(await main(['exec', elf])).toBe(7);
    expect(err).toMatch(/instructions, .* cycles/);
  });

  it('compile prints every stage', async () => {
    // (module (func (export "f") (param i32) (result i32) local.get 0 i32.const 1 i32.add))
    const bytes = Buffer.from(
      '0061736d0100000001060160017f017f03020100070501016600000a09010700200041016a0b',
      'hex',
    );
    const wasm = file('f.wasm', bytes);
    expect(await main(['compile', wasm, '--print'])).toBe(0);
    for (const stage of ['webassembly', 'built', 'optimised', 'selected', 'allocated'])
      expect(out).toContain(`; ${stage}`);
    out = '';
    expect(await main(['exec', wasm, '--invoke', 'f', '41'])).toBe(0);
    expect(out).toBe('42\n');
    expect(await main(['compile', wasm, '--out', join(folder, 'f.S')])).toBe(0);
    expect(readFileSync(join(folder, 'f.S'), 'utf8')).toMatch(/addi/);
  });
});
