/** The exported assembly goes back through our assembler and tells the same stories, whatever interrupts it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createHostProgram, storyLines } from '../firmware/index.ts';
import { FEW_WORDS, knowing } from '../firmware/test-words.ts';
import { smallModel, type TestModel } from '../firmware/testing.ts';
import {
  compileAutomaton,
  compileGrammar,
  compileTokens,
  packGrammar,
  parseGrammar,
} from '../grammar/index.ts';
import { loadTokenizer } from '../model/index.ts';
import { largeModel, tokenizerBytes } from '../model/testing.ts';
import { PUSHED, pushedModel } from '../model/testing-relu.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { needing } from '../testing/needs.ts';
import { buildComponent, type Component } from './index.ts';
import { runComponent, type StoryRequest } from './testing/machine.ts';
import { askGnuAssembler, hasGnuAssembler } from './testing/toolchain.ts';
import { checksumOf, HEADER_BYTES } from './weights.ts';

const CONTEXT = 64;

interface Story {
  prompt: string;
  temperature: number;
  topp: number;
  topk?: number;
  minp?: number;
  penalty?: number;
  seed: bigint;
  tokens: number;
  grammar?: Uint8Array;
}

const greedy: Story = { prompt: 'Once upon a time', temperature: 0, topp: 1, seed: 1n, tokens: 24 };
const drawn: Story = {
  prompt: 'The dragon, ünd',
  temperature: 0.9,
  topp: 0.9,
  topk: 50,
  minp: 0.001,
  penalty: 1.1,
  seed: 0x1_2345_6789n,
  tokens: 24,
};

/** The same story by the bare firmware's program on this machine. */
function expected(
  { grammar, ...story }: Story,
  { quantized: model, tokenizer }: Pick<TestModel, 'quantized' | 'tokenizer'> = smallModel(),
) {
  const host = createHostProgram({ programs, model, tokenizer, grammar, context: CONTEXT });
  for (const line of [...storyLines(story), story.prompt]) {
    host.type(`${line}\r`);
    host.settle();
  }
  return { tokens: [...host.tokens], digest: host.status.digest };
}

describe('component for ESP-IDF', () => {
  const components = new Map<1 | 2, Component>();
  const component = (cores: 1 | 2): Component => components.get(cores)!;
  const tell = (cores: 1 | 2, request: Partial<StoryRequest> & Story) => {
    const { tokens, digest, interrupts } = runComponent(component(cores), { cores, ...request });
    return { story: { tokens, digest }, interrupts };
  };

  beforeAll(() => {
    const { quantized: model, tokenizer } = smallModel();
    for (const cores of [1, 2] as const)
      components.set(
        cores,
        buildComponent({ programs, ...shippedTemplates(), model, tokenizer, cores, context: CONTEXT }),
      );
  });

  it.each([1, 2] as const)(
    'tells the firmware’s story through its windowed entry points, %i core(s)',
    (cores) => {
      expect(tell(cores, greedy).story).toEqual(expected(greedy));
      // On two cores also elsewhere in memory.
      expect(tell(cores, { ...drawn, shift: cores === 2 ? 0x12340 & ~15 : 0 }).story).toEqual(
        expected(drawn),
      );
    },
  );

  describe('with more weights than internal RAM can hold', () => {
    const { model, tokenizer } = largeModel();
    const quantized = quantize(model);
    const component = (cores: 1 | 2) =>
      buildComponent({
        ...{ programs, ...shippedTemplates(), model: quantized, tokenizer, cores, context: CONTEXT },
      });

    it.each([1, 2] as const)('reads a prompt twelve positions a pass, %i core(s)', (cores) => {
      const large = component(cores);
      expect(large.layout.lanes).toBe(12);
      for (const [prompt, used] of [
        ['', 0],
        ['Once', 5],
        ['Once upon a time, and so on', 12],
      ] as const) {
        const story = { ...greedy, prompt, tokens: 32 };
        const { tokens, digest, word } = runComponent(large, { cores, ...story });
        expect({ tokens, digest }).toEqual(expected(story, { quantized, tokenizer }));
        const { offset, region } = large.layout.words.find(({ name }) => name === 'batch')!;
        const lanes = Array.from({ length: 12 }, (_, lane) =>
          word(region, offset + lane * quantized.laneBytes),
        );
        expect(lanes.map((stream) => stream !== 0)).toEqual(lanes.map((_, lane) => lane < used));
      }
    });

    it('leaves out the zeros of a ReLU model in such passes, too', { timeout: 120_000 }, () => {
      const tokenizer = loadTokenizer(tokenizerBytes(PUSHED.vocabulary), PUSHED.vocabulary);
      const model = quantize(pushedModel(256, -0.05), { precision: 'int4', room: 8 << 20 });
      expect([model.constants.zeros, model.config.activation]).toEqual([1, 'relu']);
      const large = buildComponent({
        ...{ programs, ...shippedTemplates(), model, tokenizer, cores: 2, context: CONTEXT },
      });
      expect(large.layout.lanes).toBe(12);
      const story = { ...drawn, prompt: 'Once upon a time', tokens: 20 };
      const { tokens, digest } = runComponent(large, { cores: 2, ...story });
      expect(tokens.length).toBeGreaterThan(17);
      expect({ tokens, digest }).toEqual(expected(story, { quantized: model, tokenizer }));
    });
  });

  it('stops in the middle of a prompt where it may tell no more, as the firmware does', () => {
    expect(tell(1, { ...drawn, tokens: 3 }).story).toEqual(expected({ ...drawn, tokens: 3 }));
  });

  it.each([1, 2] as const)('says what a grammar allows, as the firmware does, %i core(s)', (cores) => {
    const { tokenizer } = smallModel();
    const schema = { type: 'object', properties: { a: { enum: ['cat', 'dog'] }, n: { type: 'integer' } } };
    const { packed: grammar } = compileGrammar(JSON.stringify(schema), tokenizer);
    for (const seed of [1n, 2n]) {
      const story = { ...drawn, temperature: 2, seed, grammar, tokens: 40 };
      expect(tell(cores, story).story).toEqual(expected(story));
    }
  });

  it.each([1, 2] as const)('keeps to known words, as the firmware does, %i core(s)', (cores) => {
    const { tokenizer, quantized: free } = smallModel();
    const model = knowing(FEW_WORDS);
    const component = buildComponent({
      ...{ programs, ...shippedTemplates(), model, tokenizer, cores, context: CONTEXT },
    });
    for (const story of [greedy, { ...drawn, temperature: 1.3, tokens: 40 }]) {
      const { tokens, digest } = runComponent(component, { cores, ...story });
      expect({ tokens, digest }).toEqual(expected(story, { quantized: model, tokenizer }));
      expect(digest).not.toBe(expected(story, { quantized: free, tokenizer }).digest);
    }
  });

  it('reads requests as the firmware does: without capitals, marks at the ends of words and spare spaces', () => {
    const { tokenizer } = smallModel();
    const { start, end } = tokenizer.special;
    const automaton = compileTokens(compileAutomaton(parseGrammar('["on", "off", "none"]')), tokenizer);
    const grammar = packGrammar(automaton, [start, end], { answers: true });
    const prompts = ['turn on the lights please', '  Turn  ON the lights, please!  ', 'Свет,  ÜBER!'];
    const plain = expected({ ...drawn, prompt: prompts[0], tokens: 60 });
    for (const prompt of prompts) {
      const story = { ...drawn, temperature: 2, prompt, grammar, tokens: 60 };
      expect(tell(1, story).story).toEqual(expected(story));
    }
    const [one, other] = prompts.map((prompt) => expected({ ...drawn, prompt, grammar, tokens: 60 }));
    expect(one).toEqual(other);
    expect(plain.digest).not.toBe(one.digest);
  });

  it.each([1, 2] as const)(
    'survives interrupts that spill windows and resume elsewhere, %i core(s)',
    (cores) => {
      const { story, interrupts } = tell(cores, { ...drawn, tokens: 12, interruptEvery: 701 });
      expect(story).toEqual(expected({ ...drawn, tokens: 12 }));
      for (const count of interrupts) expect(count).toBeGreaterThan(300);
    },
  );

  it.each([
    ['its callers spilled first', '\tcall12\tesp32_llm_spill\n'],
    [
      'room below for their registers',
      '\taddi\ta1, a1, -16\n\tcall0\tesp32_llm_call0_\\name\n\taddi\ta1, a1, 16\n',
    ],
  ])('needs %s: without that, the same interrupts are noticed', (_, needed) => {
    const careless = { ...component(1), files: new Map(component(1).files) };
    const entry = String(careless.files.get('entry.S'));
    const call = needed.includes('call0') ? '\tcall0\tesp32_llm_call0_\\name\n' : '';
    expect(entry).toContain(needed);
    careless.files.set('entry.S', entry.replace(needed, call));
    const run = () => runComponent(careless, { cores: 1, ...drawn, tokens: 12, interruptEvery: 701 });
    expect(run).toThrow(/cause|harmed|does not end/);
  });

  it('has no fixed address in it', () => {
    const memories = [
      [0x3fc80000, 0x3fd00000],
      [0x40370000, 0x403e0000],
      [0x5eed0000, 0x5eee0000],
      [0x60000000, 0x60100000],
    ];
    for (const name of ['entry.S', 'kernels.S', 'program.S']) {
      const text = String(component(2).files.get(name));
      expect(text).not.toMatch(/\.org|\.incbin|\.literal/);
      for (const [number] of text.matchAll(/0x[0-9a-f]{8}\b/g))
        for (const [start, end] of memories)
          expect(Number(number) >= start && Number(number) < end).toBe(false);
    }
  });

  it('defines nothing without its prefix', () => {
    for (const name of ['entry.S', 'kernels.S', 'program.S']) {
      const labels = String(component(2).files.get(name)).match(/^[A-Za-z_]\w*(?=:)/gm) ?? [];
      expect(labels.filter((label) => !label.startsWith('esp32_llm_'))).toEqual([]);
      expect(new Set(labels).size).toBe(labels.length);
    }
  });

  it('keeps literals before their loads, in the same section', () => {
    for (const name of ['kernels.S', 'program.S']) {
      let known = new Set<string>();
      for (const line of String(component(2).files.get(name)).split('\n')) {
        if (line.startsWith('\t.section')) known = new Set();
        const label = /^(\.L\w+):/.exec(line)?.[1];
        if (label) known.add(label);
        const wanted = /^\tl32r\t\w+, (\.L\w+)/.exec(line)?.[1];
        if (wanted) expect(known).toContain(wanted);
      }
    }
  });

  it('packs weights that say what they are', () => {
    const { weights, layout } = component(2);
    const header = new DataView(weights.bytes.buffer, weights.bytes.byteOffset);
    expect(header.getUint32(8, true)).toBe(weights.bytes.length);
    expect(header.getUint32(12, true)).toBe(checksumOf(weights.bytes.subarray(HEADER_BYTES)));
    for (const { offset } of layout.words) expect(offset % 16).toBe(0);
  });

  const taken = 'is taken by GNU as, as far as that knows the instructions';
  it.skipIf(!hasGnuAssembler)(needing(taken, hasGnuAssembler, 'xtensa-lx106-elf-as is not installed'), () => {
    const { quantized: model, tokenizer } = smallModel();
    const { files } = buildComponent({
      programs,
      ...shippedTemplates(),
      model,
      tokenizer,
      context: CONTEXT,
      weights: 'embedded',
    });
    for (const name of ['entry.S', 'kernels.S', 'program.S', 'weights.S'])
      expect(askGnuAssembler(String(files.get(name)))).toBe('');
  });
});
