/** Files, prompts and addresses that cannot be what a verb wants: one sentence, before anything is built or waited for. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readInput, writeOutput } from '../files.ts';
import { catalogue } from '../hub/index.ts';
import { describeError } from './errors.ts';
import { main } from './main.ts';
import { openNamed } from './model-options.ts';
import { signedPercent } from './table.ts';
import { writeTinyModel } from './testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'files-'));
const model = writeTinyModel(folder);
const at = (name: string): string => join(folder, name);
const file = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(at(name), contents);
  return at(name);
};
afterAll(() => rmSync(folder, { recursive: true }));

let err: string;
beforeEach(() => {
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 9, 9);

describe('one sentence', () => {
  const cases: [args: string[], exitCode: number, sentence: RegExp][] = [
    [['inspect', folder], 2, /is a folder without model.safetensors/],
    [['run', '--model', folder], 2, /is a folder without model.safetensors/],
    [['run', ...model, '--tokenizer', folder], 2, /is a folder where the tokenizer is wanted/],
    [['run', '--model', ''], 2, /the checkpoint has an empty name/],
    [['inspect', '/dev/zero'], 2, /\/dev\/zero is a device and no file/],
    [['inspect', at('tiny.bin/x')], 1, /lies below something that is not a folder/],
    [['asm', folder], 2, /is a folder where the source is wanted/],
    [['exec', folder], 2, /is a folder where the program is wanted/],
    [['compile', folder], 2, /is a folder where the module is wanted/],
    [['eval', ...model, '--text', folder], 2, /is a folder where the text is wanted/],
    [
      ['eval', ...model, '--text', file('latin1.txt', Uint8Array.of(0x61, 0xe9, 0x62))],
      2,
      /is not UTF-8 text/,
    ],
    [['train', '--text', folder, '--out', at('out')], 2, /the text .* is a folder; name a file in it/],
    [['board', '--flash', folder, '--tcp', '0'], 2, /is a folder where the file of the flash is wanted/],
    [
      ['board', '--flash', at('no/flash.bin'), '--tcp', '0'],
      1,
      /cannot be kept in .*: there is no such folder/,
    ],
    // Errors name the file that they are about.
    [['asm', file('bad.s', 'addi a2, a99, 1\n')], 2, /^esp32-llm: .*bad\.s/],
    [['compile', file('bad.wasm', wasm)], 1, /^esp32-llm: .*bad\.wasm: /],
    [['exec', file('bad2.wasm', wasm)], 1, /^esp32-llm: .*bad2\.wasm: /],
    [['exec', file('junk.elf', 'junk')], 1, /^esp32-llm: .*junk\.elf: /],
    // Prompts, before anything is built.
    [['run', ...model, '--prompt', 'Once\nupon a time'], 2, /the prompt has a line break/],
    [['run', ...model, '--prompt', '/help'], 2, /the prompt begins with "\/"/],
    [['run', ...model, '--prompt', 'x'.repeat(5000)], 2, /the prompt has 5000 bytes/],
  ];
  it.each(cases)('%j', async (args, exitCode, sentence) => {
    expect(await main(args)).toBe(exitCode);
    expect(err).toMatch(sentence);
    expect(err).not.toMatch(/internal error/);
  });

  it('prompts and lengths beyond the context', async () => {
    expect(await main(['run', ...model, '--context', '3', '--prompt', 'abc'])).toBe(2);
    expect(err).toMatch(/5 tokens and the context of this image holds 3/);
    err = '';
    expect(await main(['run', ...model, '--tokens', '300', '--prompt', 'a'])).toBe(2);
    expect(err).toMatch(/300 tokens are asked for and the context of this image holds 64/);
  });

  it('HF_ENDPOINT that is no address', async () => {
    vi.stubEnv('HF_ENDPOINT', 'notaurl');
    vi.stubEnv('HF_HUB_CACHE', at('cache'));
    expect(await main(['pull', 'stories260K'])).toBe(2);
    expect(err).toMatch(/HF_ENDPOINT is "notaurl", which is no web address/);
  });

  it('a cache that cannot be written', async () => {
    vi.stubEnv('HF_HUB_CACHE', file('cache-file', ''));
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await main(['run', '--model', 'stories260K'])).toBe(2);
    expect(err).toMatch(/stories260K is not fetched yet: esp32-llm pull stories260K/);
  });
});

describe('writing', () => {
  it.each([
    [() => at('no/file'), /cannot be written: there is no folder .*no; make it first/],
    [() => folder, /cannot be written: it is a folder/],
    [() => at('tiny.bin/file'), /cannot be written: part of the path is a file/],
    [() => '', /has an empty name/],
  ])('says what keeps it %#', (path, sentence) => {
    expect(() => writeOutput(path(), 'x')).toThrow(sentence);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk', () => {
    expect(() => writeOutput('/dev/full', 'x')).toThrow(/cannot be written: the disk is full/);
  });
});

describe('reading', () => {
  it.skipIf(process.platform === 'win32')('takes pipes', () => {
    const pipe = at('pipe');
    execFileSync('mkfifo', [pipe]);
    spawn('sh', ['-c', `printf 'through a pipe' > ${pipe}`], { stdio: 'ignore' });
    expect(readInput(pipe, 'the text').toString()).toBe('through a pipe');
  });
});

describe('--model finds what pull fetched', () => {
  const { model: checkpoint, tokenizer } = catalogue.stories260K;
  const snapshot = at('hub/models--karpathy--tinyllamas/snapshots/c0ffee');
  const put = (path: string, from: string): void => {
    mkdirSync(join(snapshot, path, '..'), { recursive: true });
    writeFileSync(join(snapshot, path), readFileSync(at(from)));
  };

  it.each([
    [{ model: 'stories260K' }],
    [{ model: 'stories260K.bin', tokenizer: 'tok512.bin' }],
    [{ model: 'karpathy/tinyllamas/stories260K/stories260K.bin' }],
  ])('as %j', async (options) => {
    put(checkpoint.path, 'tiny.bin');
    put(tokenizer.path, 'tokenizer.bin');
    mkdirSync(join(snapshot, '../../refs'), { recursive: true });
    writeFileSync(join(snapshot, '../../refs/main'), 'c0ffee');
    vi.stubEnv('HF_HUB_CACHE', at('hub'));
    const loaded = await openNamed(options);
    expect(loaded.name).toBe('stories260K');
    expect(loaded.tokenizer.vocabulary).toHaveLength(320);
  });
});

describe('small things', () => {
  it('a difference that rounds to nothing has no sign', () => {
    expect([0, -0.00001, 0.0041, -0.0041].map(signedPercent)).toEqual([
      '0.00 %',
      '0.00 %',
      '+0.41 %',
      '-0.41 %',
    ]);
  });
  it('what the system refuses is not called opening', () => {
    const error = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/x' });
    expect(describeError(error).message).toBe('/x may not be used; check its permissions');
  });
});
