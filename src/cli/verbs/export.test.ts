import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { loadTinyStories } from '../../model/testing.ts';
import { main } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'export-verb-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Exit code and everything printed. */
async function run(...args: string[]): Promise<{ code: number; printed: string }> {
  let printed = '';
  const catching = (text: string | Uint8Array) => {
    printed += text;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(catching);
  vi.spyOn(process.stderr, 'write').mockImplementation(catching);
  const code = await main(args);
  vi.restoreAllMocks();
  return { code, printed };
}

describe('export idf', () => {
  const { files } = loadTinyStories();
  const model = ['--model', files.model, '--tokenizer', files.tokenizer];

  it('writes component and example, and says what they need', async () => {
    const target = join(folder, 'esp32_llm');
    const { code, printed } = await run(
      ...['export', 'idf', target, ...model, '--example', '--board', 'heltec-v3'],
      ...['--context', '96', '--single-core'],
    );
    expect(code).toBe(0);
    expect(printed).toMatch(
      /context 96; [\d,]+ bytes of weights, [\d,]+ bytes of RAM\n.*idf\.py build flash monitor/,
    );
    expect(readFileSync(join(target, 'include/esp32_llm_model.h'), 'utf8')).toMatch(/ESP32_LLM_CORES 1/);
    expect(readFileSync(join(target, 'examples/story/sdkconfig.defaults'), 'utf8')).toContain('Heltec');
  });

  it('writes over what it wrote, but not over what somebody changed', async () => {
    const target = join(folder, 'again');
    const main = join(target, 'examples/story/main/main.c');
    const command = ['export', 'idf', target, ...model, '--example'];
    expect((await run(...command)).code).toBe(0);
    const exported = readFileSync(main, 'utf8');
    expect((await run(...command, '--context', '64')).code).toBe(0);
    writeFileSync(main, `${exported}/* mine */\n`);
    const { code, printed } = await run(...command);
    expect(code).toBe(2);
    expect(printed).toMatch(/main\.c: changed since it was exported, and would be written over; .*--force/);
    expect(readFileSync(main, 'utf8')).toContain('/* mine */');
    expect((await run(...command, '--force')).code).toBe(0);
    expect(readFileSync(main, 'utf8')).toBe(exported);
  });

  it('leaves strange folders alone', async () => {
    writeFileSync(join(folder, 'thesis.txt'), 'precious');
    const { code, printed } = await run('export', 'idf', folder, ...model);
    expect(code).toBe(2);
    expect(printed).toMatch(/is not empty/);
  });
});
