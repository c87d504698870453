/** What is written to a folder: C that compiles without a warning and does what the header says, settings per board. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Board, boards, findBoard } from '../chip/boards/boards.ts';
import { FailureError, UsageError } from '../errors.ts';
import { smallModel } from '../firmware/testing.ts';
import { shippedTemplates, writeIdfComponent } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { needing } from '../testing/needs.ts';
import type { Component } from './component.ts';
import { withExample } from './export.ts';
import { buildIdfComponent, type IdfComponentOptions } from './index.ts';
import { hasCompiler, runTool, standins, writeFiles } from './testing/toolchain.ts';

const STRICT = ['-std=gnu17', '-Wall', '-Wextra', '-Werror', '-O1'];

const base = () => {
  const { name: modelName, quantized: model, tokenizer } = smallModel();
  return { programs, ...shippedTemplates(), model, tokenizer, modelName, context: 64 };
};

const components = new Map<string, Component>();

/** The component, compiled once for the same settings. */
function component(settings: Pick<IdfComponentOptions, 'cores' | 'weights'> = {}): Component {
  const key = JSON.stringify({ cores: 2, weights: 'partition', ...settings });
  if (!components.has(key)) components.set(key, buildIdfComponent({ ...base(), ...settings }));
  return components.get(key)!;
}

const example = (board?: Board): Component =>
  withExample(component(), { ...shippedTemplates(), board, example: 'story' });

describe('export idf', () => {
  const folders: string[] = [];
  const kept = (folder: string): string => {
    folders.push(folder);
    return folder;
  };
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  describe.skipIf(!hasCompiler)(needing('C by the compiler of this machine', hasCompiler, 'no cc'), () => {
    if (!hasCompiler) return void it('compiles without warnings, and does what the header says', () => {}); // one skip

    it.each([1, 2] as const)(
      'C side for %i core(s): no warnings; every path of the API, and all is given back',
      (cores) => {
        const folder = kept(writeFiles(component({ cores }).files));
        const sources = [
          ...['esp32_llm.c', 'esp32_llm_memory.c'].map((name) => join(folder, name)),
          ...['esp_idf.c', 'api_test.c'].map((name) => join(standins, name)),
        ];
        const places = [`-I${join(folder, 'include')}`, `-I${folder}`, `-I${standins}`];
        const program = join(folder, 'api_test');
        expect(runTool('cc', [...STRICT, ...places, ...sources, '-pthread', '-o', program])).toEqual({
          code: 0,
          output: '',
        });
        const { code, output } = runTool(program, [join(folder, 'weights.bin')]);
        expect(output).toContain('all is well');
        expect(code).toBe(0);
      },
    );

    it('stops from interrupts by code and data in internal RAM, and calls nothing', () => {
      const folder = kept(writeFiles(component().files));
      const object = join(folder, 'esp32_llm.o');
      const places = [`-I${join(folder, 'include')}`, `-I${folder}`, `-I${standins}`];
      const flags = [
        ...STRICT,
        '-O2',
        '-fno-pic',
        ...places,
        '-c',
        join(folder, 'esp32_llm.c'),
        '-o',
        object,
      ];
      expect(runTool('cc', flags)).toEqual({ code: 0, output: '' });
      const symbols = runTool('objdump', ['-t', object]).output;
      expect(symbols).toMatch(/\.iram1\.standin\s+[0-9a-f]+ esp32_llm_stop$/m);
      expect(symbols).toMatch(/\.dram1\.standin\s+[0-9a-f]+ stop_wanted$/m);
      const code = runTool('objdump', ['-dr', '-j', '.iram1.standin', object]).output;
      expect(code).toContain('.dram1.standin');
      expect(code).not.toMatch(/\bcall/);
    });

    it('does not compile two cores where FreeRTOS has one', () => {
      for (const cores of [1, 2] as const) {
        const folder = kept(writeFiles(component({ cores }).files));
        const places = [`-I${join(folder, 'include')}`, `-I${folder}`, `-I${standins}`];
        const flags = [...STRICT, '-DCONFIG_FREERTOS_UNICORE=1', ...places, '-fsyntax-only'];
        const { code, output } = runTool('cc', [...flags, join(folder, 'esp32_llm.c')]);
        expect(code === 0).toBe(cores === 1);
        if (cores === 2) expect(output).toContain('export it with --single-core');
      }
    });

    it('the example compiles without warnings, with and without screen', () => {
      const folder = kept(writeFiles(example().files));
      const places = [`-I${join(folder, 'include')}`, `-I${standins}`];
      const sources = ['main.c', 'screen.c'].map((name) => join(folder, 'examples/story/main', name));
      for (const extra of [[], ['-DTEST_SCREENLESS']]) {
        const { code, output } = runTool('cc', [...STRICT, ...extra, ...places, '-fsyntax-only', ...sources]);
        expect({ code, output }).toEqual({ code: 0, output: '' });
      }
    });
  });

  it('keeps what code in internal RAM reads in internal RAM', () => {
    const text = String(component().files.get('kernels.S'));
    expect(text).toMatch(
      /^#define ESP32_LLM_CODE \.iram1\.esp32_llm\n#define ESP32_LLM_CONSTANTS \.dram1\.esp32_llm$/m,
    );
    expect(text).toContain('\t.section\tESP32_LLM_CONSTANTS');
    expect(text).not.toMatch(/\.section\t\.rodata/);
  });

  it('settings follow the board', () => {
    const settingsOf = (board: Board): string =>
      String(example(board).files.get('examples/story/sdkconfig.defaults'));
    const settings = (id: string): string => settingsOf(findBoard(id));
    const octal = settings('t-camera-s3');
    for (const line of [
      'CONFIG_IDF_TARGET="esp32s3"',
      'CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240=y',
      'CONFIG_ESPTOOLPY_FLASHMODE_QIO=y',
      'CONFIG_ESPTOOLPY_FLASHFREQ_80M=y',
      'CONFIG_ESP32S3_DATA_CACHE_64KB=y',
      'CONFIG_ESP32S3_DATA_CACHE_LINE_64B=y',
      'CONFIG_ESP32S3_INSTRUCTION_CACHE_32KB=y',
      'CONFIG_SPIRAM_MODE_OCT=y',
      'CONFIG_SPIRAM_SPEED_80M=y',
      'CONFIG_STORY_SCREEN_SDA=7',
      'CONFIG_STORY_SCREEN_UPSIDE_DOWN=y',
    ])
      expect(octal.split('\n')).toContain(line);
    const fast = settingsOf({ ...findBoard('t-camera-s3'), psramMegahertz: 120 }).split('\n');
    for (const line of [
      'CONFIG_ESPTOOLPY_FLASHFREQ_120M=y',
      'CONFIG_SPIRAM_SPEED_120M=y',
      'CONFIG_IDF_EXPERIMENTAL_FEATURES=y',
    ])
      expect(fast).toContain(line);
    expect(octal).not.toContain('EXPERIMENTAL');
    const quad = settingsOf({ ...findBoard('t-camera-s3'), psramMode: 'quad', psramMegahertz: 120 });
    expect(quad.split('\n')).toEqual(
      expect.arrayContaining(['CONFIG_ESPTOOLPY_FLASHFREQ_120M=y', 'CONFIG_SPIRAM_SPEED_120M=y']),
    );
    expect(quad).not.toContain('EXPERIMENTAL');
    expect(settings('heltec-v3')).not.toContain('SPIRAM');
    expect(settings('heltec-v3')).toContain('CONFIG_STORY_SCREEN_RESET=21');
    expect(settings('bare-s3')).not.toContain('CONFIG_STORY_SCREEN=y');
  });

  it('partitions hold what is flashed, on every board', () => {
    for (const board of boards) {
      const { files, weights } = example(board);
      const rows = String(files.get('examples/story/partitions.csv'))
        .split('\n')
        .filter((line) => line && !line.startsWith('#'))
        .map((line) => line.split(',').map((field) => field.trim()));
      const llm = rows.find(([name]) => name === 'llm')!;
      expect(Number(llm[4])).toBeGreaterThanOrEqual(weights.bytes.length);
      const end = rows.reduce((at, [, , , offset, size]) => (offset ? Number(offset) : at) + Number(size), 0);
      expect(end).toBeLessThanOrEqual(board.flashBytes);
    }
  });

  it('writes into empty folders and its own, no other', () => {
    const folder = kept(mkdtempSync(join(tmpdir(), 'esp32-llm-idf-')));
    writeIdfComponent(folder, base());
    writeIdfComponent(folder, { ...base(), weights: 'embedded' });
    expect(readdirSync(folder)).toContain('weights.S');
    expect(readFileSync(join(folder, 'Kconfig'), 'utf8')).toContain('default ESP32_LLM_WEIGHTS_EMBEDDED');
    const other = kept(mkdtempSync(join(tmpdir(), 'esp32-llm-idf-')));
    writeFileSync(join(other, 'thesis.txt'), 'precious');
    expect(() => writeIdfComponent(other, base())).toThrow(UsageError);
    expect(() => writeIdfComponent(other, { ...base(), force: true })).not.toThrow();
    expect(readFileSync(join(other, 'thesis.txt'), 'utf8')).toBe('precious');
  });

  it('leaves no placeholder, and the embedded weights are the partition’s', () => {
    const { files } = withExample(component({ weights: 'embedded' }), {
      ...shippedTemplates(),
      example: 'story',
      weights: 'embedded',
    });
    for (const [path, contents] of files) {
      if (typeof contents === 'string' && !path.endsWith('.S')) expect(contents).not.toMatch(/@[A-Z_]+@/);
    }
    const words = String(files.get('weights.S')).match(/0x[0-9a-f]+/g)!;
    const bytes = files.get('weights.bin') as Uint8Array;
    expect(Uint8Array.from(new Uint8Array(Uint32Array.from(words, Number).buffer))).toEqual(
      Uint8Array.from(bytes),
    );
  });

  it('refuses in plain words', () => {
    expect(() => buildIdfComponent({ ...base(), context: 100_000 })).toThrow(/context of 100000 positions/);
    const small = { ...boards[0], flashBytes: 1 << 20 };
    expect(() => example(small)).toThrow(FailureError);
  });
});
