/** A model of each activation through all that is made of it: file, float and int8 on the host, chip, ESP-IDF component (fault 27). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { buildFirmware, createHostProgram, formatDigest, simulate } from '../firmware/index.ts';
import { buildComponent } from '../idf/index.ts';
import { runComponent } from '../idf/testing/machine.ts';
import { describeModel, loadCheckpoint, loadTokenizer, type Model } from '../model/index.ts';
import { reluModel, tokenizerBytes } from '../model/testing.ts';
import { ACTIVATIONS } from '../model/types.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { trainFiles } from '../node/index.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';
import { everywhere, packFixed } from '../quantize/pack.ts';
import { createReference, evaluate } from '../reference/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'activation-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONTEXT = 48;
const TOKENS = 12;
const PROMPT = 'the cat';

const words = ['sun', 'cat', 'the', 'red', 'dog', 'ran', 'and', 'big', 'hat', 'sat'];
const story = (n: number): string =>
  Array.from({ length: 40 }, (_, i) => words[(7 * n + i * i + ((n * i) >> 2)) % 10]).join(' ');
const text = join(folder, 'stories.txt');
writeFileSync(text, Array.from({ length: 120 }, (_, n) => story(n)).join('.\n<|endoftext|>\n'));

async function trained(activation: (typeof ACTIVATIONS)[number]) {
  const { model: path } = await trainFiles({
    text,
    out: join(folder, activation),
    preset: 'tiny',
    vocabulary: 290,
    context: CONTEXT,
    batchTokens: 256,
    steps: 30,
    threads: 1,
    activation,
  });
  const model = loadCheckpoint(readFileSync(path), path);
  return { model, tokenizer: model.tokenizer! };
}

const as = (model: Model, activation: (typeof ACTIVATIONS)[number]): Model => ({
  ...model,
  config: { ...model.config, activation },
});

/** Where its story is told, beside the host. What SiLU does on other variants is told with our own tinystories (src/firmware, src/idf). */
const PLACES: Record<(typeof ACTIVATIONS)[number], { chips: Variant[]; components: (1 | 2)[] }> = {
  silu: { chips: [{}], components: [] },
  relu: { chips: [{}, { cores: 1, pie: false }], components: [1] },
};
type Variant = Pick<Parameters<typeof buildFirmware>[0], 'cores' | 'pie'>;

describe.each(ACTIVATIONS)('%s', (activation) => {
  it('is trained, written, inspected, evaluated and told alike on host, chip and ESP-IDF component', {
    timeout: 300_000,
  }, async () => {
    const { model, tokenizer } = await trained(activation);
    expect(describeModel(model).config.activation).toBe(activation);

    const quantized = quantize(model);
    const stories = [story(3), story(77)];
    const bits = (candidate: Parameters<typeof evaluate>[0]) =>
      evaluate(candidate, tokenizer, stories, { context: CONTEXT }).bitsPerByte;
    const float = bits(createReference(model));
    const fixed = bits(createHostEngine(quantized, { programs }));
    expect(Math.abs(fixed / float - 1)).toBeLessThan(0.03);
    expect(bits(createHostEngine(quantize(model, { precision: 'f32' }), { programs }))).toBeCloseTo(float, 3);
    // The other activation is another function: nothing runs it by mistake.
    const other = ACTIVATIONS.find((name) => name !== activation)!;
    expect(Math.abs(bits(createReference(as(model, other))) / float - 1)).toBeGreaterThan(0.001);

    const host = createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT });
    host.type(`/temp 0\r/tokens ${TOKENS}\r${PROMPT}\r`);
    host.settle();
    const digest = formatDigest(host.status.digest);
    for (const variant of PLACES[activation].chips) {
      const firmware = buildFirmware({ programs, model: quantized, tokenizer, context: CONTEXT, ...variant });
      const told = simulate(firmware, { prompt: PROMPT, temperature: 0, seed: 1, tokens: TOKENS });
      expect(told.digest, JSON.stringify(variant)).toBe(digest);
    }
    for (const cores of PLACES[activation].components) {
      const component = buildComponent({
        programs,
        ...shippedTemplates(),
        model: quantized,
        tokenizer,
        cores,
        context: CONTEXT,
      });
      const told = runComponent(component, {
        cores,
        prompt: PROMPT,
        temperature: 0,
        topp: 1,
        seed: 1n,
        tokens: TOKENS,
      });
      expect(formatDigest(told.digest), `component, ${cores} core(s)`).toBe(digest);
    }
  });
});

describe('hidden units that are zero', () => {
  const model = reluModel(CONTEXT);
  /** Gates in four bits, as boards with PSRAM get them. */
  const fewBits = quantize(model, { precision: 'int4', room: 1 << 20 });
  const tokenizer = loadTokenizer(tokenizerBytes(model.config.vocabulary), model.config.vocabulary);
  const skipping = quantize(model);
  const whole = packFixed(model, { precision: 'int8', formats: everywhere('int8'), zeros: 0 });

  it('are left out from dim 128 on, which changes no bit', () => {
    expect([skipping.constants.zeros, whole.constants.zeros]).toEqual([1, 0]);
    const called: string[] = [];
    const engine = createHostEngine(skipping, {
      programs,
      observer: (name, _, run) => {
        called.push(name);
        return run();
      },
    });
    const other = createHostEngine(whole, { programs });
    for (let position = 0; position < CONTEXT; position++) {
      const token = (7 * position + 1) % model.config.vocabulary;
      expect(engine.forward(token, position)).toEqual(other.forward(token, position));
    }
    expect(called).toContain('add_columns');
    expect(called).not.toContain('matvec_hidden');
  });

  it('are left out in int4 where there is room for eight bits of what is read by units, and not else', () => {
    const bytesOf = ({ blobs }: typeof fewBits, name: string) =>
      blobs.find((blob) => blob.name === name)!.bytes.length;
    const elements = 208 * 128; // hidden units come in groups of 16 for either half
    expect(bytesOf(fewBits, 'layer0.gateUp')).toBeLessThan(0.6 * elements);
    expect(bytesOf(fewBits, 'layer0.up')).toBeGreaterThanOrEqual(elements);
    const rooms = [undefined, 100_000].map((room) => quantize(model, { precision: 'int4', room }));
    expect(rooms.map(({ constants }) => constants.zeros)).toEqual([0, 0]);
    const kept = { ...model, config: { ...model.config, int8Matrices: ['w1', 'w2', 'w3'] as const } };
    expect(quantize(kept, { precision: 'int4' }).constants.zeros).toBe(1);
    // Its logits are nearer to those of the float model than where all has four bits.
    const error = (packed: typeof fewBits): number => {
      const [float, fixed] = [createReference(model), createHostEngine(packed, { programs })];
      const squares = [3, 8, 21, 40, 77, 120, 200, 270].map((token, position) => {
        const logits = [float, fixed].map((engine) => Array.from(engine.forward(token, position)));
        return logits[0].reduce((sum, logit, i) => sum + (logit - logits[1][i]) ** 2, 0);
      });
      return squares.reduce((a, b) => a + b);
    };
    expect(error(fewBits)).toBeLessThan(error(rooms[0]));
  });

  it('are left out in a pass of several positions, too', () => {
    const told = (packed: typeof fewBits, lanes: number): string => {
      const host = createHostProgram({ programs, model: packed, tokenizer, context: CONTEXT, lanes });
      host.type(`/temp 0\r/tokens 40\r${PROMPT} ran red hat sat big\r`);
      host.settle();
      return formatDigest(host.status.digest);
    };
    for (const packed of [skipping, fewBits])
      for (const lanes of [2, 5, 12]) expect(told(packed, lanes)).toBe(told(packed, 0));
    expect(told(skipping, 0)).toBe(told(whole, 0));
  });

  it('are left out with weights in external memory: a prompt in few passes, and guesses', {
    timeout: 300_000,
  }, () => {
    const board = findBoard('devkitc-n16r8');
    for (const [packed, cores] of [
      [fewBits, 2],
      [skipping, 1],
    ] as const) {
      const options = { weights: 'flash' as const, context: CONTEXT, cores, board };
      const firmware = buildFirmware({ programs, model: packed, tokenizer, ...options });
      expect(firmware.lanes).toBe(12);
      const host = createHostProgram({ programs, model: packed, tokenizer, context: CONTEXT });
      host.type(`/temp 0\r/tokens 30\r${PROMPT} ran red hat\r`);
      host.settle();
      const told = simulate(firmware, { prompt: `${PROMPT} ran red hat`, temperature: 0, tokens: 30 });
      expect(told.digest).toBe(formatDigest(host.status.digest));
      expect(told.warnings).toEqual([]);
    }
  });

  it('are left out with the same digest on host, chip and ESP-IDF component', { timeout: 300_000 }, () => {
    const host = createHostProgram({ programs, model: whole, tokenizer, context: CONTEXT });
    host.type(`/temp 0.9\r/seed 5\r/tokens ${TOKENS}\r\r`);
    host.settle();
    const digest = formatDigest(host.status.digest);
    for (const variant of [{ cores: 1 as const }, { pie: false }]) {
      const firmware = buildFirmware({ programs, model: skipping, tokenizer, context: CONTEXT, ...variant });
      const told = simulate(firmware, { prompt: '', temperature: 0.9, seed: 5, tokens: TOKENS });
      expect(told.digest, JSON.stringify(variant)).toBe(digest);
    }
    const component = buildComponent({
      programs,
      ...shippedTemplates(),
      model: skipping,
      tokenizer,
      context: CONTEXT,
    });
    const told = runComponent(component, {
      cores: 2,
      prompt: '',
      temperature: 0.9,
      topp: 0.9,
      seed: 5n,
      tokens: TOKENS,
    });
    expect(formatDigest(told.digest)).toBe(digest);
  });
});
