import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultBoard, findBoard } from '../chip/boards/boards.ts';
import { createChip } from '../chip/soc/chip.ts';
import { storyLines } from '../contract/index.ts';
import { largeModel } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware, type Firmware } from './build.ts';
import { createHostProgram } from './host.ts';
import { createSession } from './session.ts';
import { simulate, simulateSteps } from './simulate.ts';
import { formatDigest } from './status.ts';
import { smallFirmware, smallModel } from './testing.ts';

const CONTEXT = 64;
const STORY = { prompt: 'Once upon a time', temperature: 0, seed: 42, tokens: 12 };
const DRAWN = { ...STORY, temperature: 1.2, topp: 0.95, topk: 30, minp: 0.01, penalty: 1.3 };

const build = smallFirmware;
/** What an image can be otherwise, all of it in two. */
const variants = {
  'one core and portable kernels at 80 MHz': { cores: 1, pie: false, clock: 80 },
  'weights in flash, at 160 MHz': { weights: 'flash', clock: 160 },
} as const;

describe('firmware on the simulated chip', () => {
  let firmware: Firmware;
  let told: ReturnType<typeof simulate>;
  /** What the same program says on the host. */
  let expected: { digest: string; tokens: number[] };
  beforeAll(() => {
    firmware = build();
    const { quantized, tokenizer } = smallModel();
    const host = createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT });
    host.type(`/temp 0\r/tokens ${STORY.tokens}\r${STORY.prompt}\r`);
    host.settle();
    expected = { digest: formatDigest(host.status.digest), tokens: [...host.tokens] };
  });

  it('boots from its flash image and tells the story that the host tells', () => {
    told = simulate(firmware, { ...STORY, profile: true, cache });
    const story = told;
    expect(story.digest).toBe(expected.digest);
    expect(story.tokens).toEqual(expected.tokens);
    expect(story.printed).toContain('rst:0x1 (POWERON)');
    expect(story.printed).toContain(`${smallModel().name}: 5 layers, dim 64`);
    expect(story.printed).toContain('CPU clock 240 MHz\r\n');
    expect(story.printed).toContain('Once upon a time, there was a little girl');
    expect(story.warnings).toEqual([]);
    expect(story.tokensPerSecond.mean).toBeGreaterThan(500);
    const matrix = story.profile.find(({ name }) => name === 'matvec_dim');
    expect(Math.min(...(matrix?.cycles ?? []))).toBeGreaterThan(0.1 * story.status.totalCycles);
  });

  it('goes step by step, shows its tokens meanwhile, and stops when told to', () => {
    const seen: number[] = [];
    const steps = simulateSteps(firmware, { ...STORY, cache });
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      const { tokens } = step.value;
      if (tokens.length > seen.length) seen.splice(0, seen.length, ...tokens);
      if (tokens.length === 8) step.value.type('\x03');
    }
    expect(step.value.status.ending).toBe('stopped');
    expect(step.value.tokens.length).toBeLessThan(STORY.tokens);
    expect(step.value.tokens).toEqual(expected.tokens.slice(0, step.value.tokens.length));
    expect(seen).toEqual(step.value.tokens);
  });

  it('gives the same digest and the same cycles when booted twice, its code translated before', () => {
    const again = simulate(firmware, { ...STORY, cache });
    expect(again.status).toEqual(told.status);
    expect(again.bootSeconds).toBe(told.bootSeconds);
  });

  it('draws what the host draws, with every setting on', () => {
    const { quantized, tokenizer } = smallModel();
    const host = createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT });
    host.type([...storyLines(DRAWN), DRAWN.prompt, ''].join('\r'));
    host.settle();
    const digest = formatDigest(host.status.digest);
    for (const other of [firmware, ...Object.values(variants).map(build)])
      expect(simulate(other, { ...DRAWN, cache }).digest).toBe(digest);
    expect(digest).not.toBe(expected.digest);
  });

  it.each(Object.entries(variants))('gives the same digest with %s', (_, variant) => {
    const other = build(variant);
    const story = simulate(other, { ...STORY, cache });
    expect(story.digest).toBe(expected.digest);
    expect(story.warnings).toEqual([]);
    expect(story.printed).toContain(`CPU clock ${other.clock} MHz\r\n`);
  });

  it('gives the digest of the float32 program on the host, too', () => {
    const { float, tokenizer } = smallModel();
    const host = createHostProgram({ programs, model: float, tokenizer, context: CONTEXT });
    host.type('/temp 0\r/tokens 4\rThe\r');
    host.settle();
    const story = simulate(build({ precision: 'f32' }), { prompt: 'The', temperature: 0, tokens: 4 });
    expect(story.digest).toBe(formatDigest(host.status.digest));
    expect(story.warnings).toEqual([]);
  });

  it.each(['octal', 'quad'] as const)('keeps the KV cache in %s PSRAM where it must', (psramMode) => {
    // A board whose flash has no room for weights, so that a long context pushes part of the cache out of SRAM.
    const board = { ...defaultBoard, psramMode, flashBytes: 1 << 20 };
    const other = build({ board, context: 512 });
    const psram = other.memoryMap.regions.find(({ name }) => name === 'psram');
    expect(psram?.entries.every(({ purpose }) => purpose === 'kv cache')).toBe(true);
    const story = simulate(other, STORY);
    expect(story.digest).toBe(expected.digest);
    expect(story.warnings).toEqual([]);
  });

  it('tells the same with more than SRAM holds and octal PSRAM', () => {
    const other = build({ context: 512 });
    expect(other.memoryMap.regions.map(({ name }) => name)).toContain('psram');
    const story = simulate(other, STORY);
    expect(story.digest).toBe(expected.digest);
    expect(story.warnings).toEqual([]);
  });

  it('says how far it has filled PSRAM', () => {
    const { model, tokenizer } = largeModel();
    const board = findBoard('t-camera-s3');
    const session = createSession(buildFirmware({ programs, model: quantize(model), tokenizer, board }));
    session.boot();
    expect(session.printed).toMatch(/Copying \d\.\d\d MB of weights to PSRAM: 25% 50% 75% 100%\r\n/);
    expect(session.chip.seconds).toBeLessThan(1);
    expect(session.chip.warnings.list).toEqual([]);
  });

  it.each([
    ['none', { psramBytes: 0, psramMode: undefined }],
    ['another kind', { psramMode: 'quad' }],
  ] as const)('says that the PSRAM is missing where the board has %s', (_, difference) => {
    const board = { ...defaultBoard, flashBytes: 1 << 20 };
    const chip = createChip({
      flash: build({ board, context: 512 }).flash,
      board: { ...board, ...difference },
    });
    let printed = '';
    chip.uart0.onOutput((byte) => (printed += String.fromCharCode(byte)));
    chip.run({ untilSeconds: 1, until: () => printed.includes('Stopped') });
    expect(printed).toMatch(
      /Type the beginning[\s\S]*The PSRAM does not answer; this image needs it. Stopped/,
    );
    expect(printed).not.toContain('PANIC');
  });

  it('is refused by the ROM when a byte of it is wrong', () => {
    const flash = firmware.flash.slice();
    flash[0x4000] ^= 1;
    const chip = createChip({ flash });
    let printed = '';
    chip.uart0.onOutput((byte) => (printed += String.fromCharCode(byte)));
    chip.run({ untilSeconds: 0.3 });
    expect(printed).toMatch(/Checksum failure. Calculated 0x\w+ stored 0x\w+/);
    expect(printed).not.toContain('esp32-llm');
  });

  it('restarts at /reboot', () => {
    const session = createSession(firmware, { cache });
    session.boot();
    session.type('/reboot\r');
    session.runUntil(() => /Restarting[\s\S]*rst:0x3[\s\S]*\n> $/.test(session.printed), 5, 'no restart');
    expect(session.printed.match(/ESP-ROM/g)).toHaveLength(2);
  });

  it('reports a fault with its registers, and restarts at a key', () => {
    const session = createSession(firmware, { cache });
    session.boot();
    const [core] = session.chip.cores;
    core.state.pc = firmware.symbols.get('trap')!;
    core.stateChanged();
    expect(() => session.runUntil(() => false, 5, 'no panic')).toThrow(
      /PANIC: core 0[\s\S]*illegal instruction[\s\S]*PC 0x4037[\s\S]*a15 0x/,
    );
    expect(session.printed).toContain('Any key restarts.');
    session.type('x');
    session.chip.run({ maxCycles: 2e8, until: () => session.printed.endsWith('\n> ') });
    expect(session.printed.match(/ESP-ROM/g)).toHaveLength(2);
  });

  it('takes any bytes at any time without harm', () => {
    const session = createSession(firmware, { cache });
    session.boot();
    session.command('/temp 0');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        session.type(bytes);
        session.chip.run({ maxCycles: 300_000 });
      }),
      { numRuns: 20 },
    );
    session.type('\x03\x03');
    session.chip.run({ maxCycles: 20e6 });
    session.type('/json off\r');
    session.chip.run({ maxCycles: 5e6 });
    for (const line of ['/temp 0', '/seed 42', `/tokens ${STORY.tokens}`]) session.command(line);
    const status = session.tell(STORY.prompt, 10);
    expect(formatDigest(status.digest)).toBe(expected.digest);
  });
});
