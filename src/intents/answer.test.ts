import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createHostProgram } from '../firmware/index.ts';
import { packGrammar } from '../grammar/index.ts';
import { loadCheckpoint, writeCheckpoint } from '../model/index.ts';
import { shippedPrograms, trainMachinery } from '../node/index.ts';
import { quantize } from '../quantize/index.ts';
import { answerAutomaton, answerTokens } from './answer.ts';
import { renewHome, trainHome, understandWith, uniformOf, vocabularyOf } from './build.ts';
import { createExamples } from './examples.ts';
import { languages } from './languages/index.ts';
import { readHome } from './read.ts';
import { meaningOf } from './sample.ts';
import { normalize } from './template.ts';

const yaml = readFileSync(new URL('./test-home.yaml', import.meta.url), 'utf8');
const home = readHome([{ name: 'test-home.yaml', text: yaml }]);
const made = await trainHome(home, { ...trainMachinery(), programs: shippedPrograms, steps: 3, threads: 1 });
const { model, tokenizer } = made;
const vocabulary = vocabularyOf(model, tokenizer, home);
const { symbols, encode } = vocabulary;
const automaton = answerAutomaton(home, symbols, encode);

/** The host's device program says to a request. */
function says(request: string, grammar = model.grammar, precision: 'int8' | 'f32' = 'int8') {
  let output = '';
  const host = createHostProgram({
    programs: shippedPrograms,
    model: quantize(model, { precision }),
    tokenizer,
    grammar,
    output: (bytes) => (output += Buffer.from(bytes).toString('latin1')),
  });
  host.type(`${request}\r`);
  host.settle();
  const text = Buffer.from(output, 'latin1').toString();
  return {
    answer: text.split('\r\n').findLast((line) => line.startsWith('{"intent"'))!,
    prompt: [...host.prompt],
    host,
  };
}

describe('the grammar of answers', () => {
  it('lets every answer through, and prints what it means', () => {
    const examples = createExamples(home, languages.en, uniformOf(3));
    for (let i = 0; i < 200; i++) {
      const example = examples.clean();
      let state = automaton.start;
      let text = '';
      for (const token of answerTokens(example, symbols, encode)) {
        const { tokens, next } = automaton.states[state];
        const at = tokens.indexOf(token);
        expect(at, `${example.text}: token ${token}`).toBeGreaterThanOrEqual(0);
        state = next[at];
        text += automaton.states[state].text ?? '';
      }
      expect(automaton.states[state].tokens).toHaveLength(0);
      expect(JSON.parse(text)).toEqual(meaningOf(example));
    }
  });

  it('refuses a list of any words', () => {
    const text = yaml.replace('percent:\n    range: { from: 0, to: 100 }', 'percent:\n    wildcard: true');
    expect(() => answerAutomaton(readHome([{ name: 'a', text }]), symbols, encode)).toThrow(
      /takes any words/,
    );
  });
});

describe('a model of three steps, on the device', () => {
  const requests = [
    'Turn on the lights!',
    'set the kitchen lights to 40%',
    'WHO ARE YOU?',
    'x',
    'Ängström  Ёлка, ПОЖАЛУЙСТА.',
  ];

  it('answers in JSON what the host understands, greedily, however it is typed', () => {
    const understand = understandWith(model, shippedPrograms, home, vocabulary);
    for (const request of requests) {
      const { answer, prompt, host } = says(request);
      expect(prompt.slice(1), request).toEqual(encode(normalize(request)));
      const { meaning, margin } = understand(request);
      expect(JSON.parse(answer)).toEqual(
        margin < vocabulary.refuse ? { intent: 'none' } : { intent: meaning.intent, slots: meaning.slots },
      );
      expect(host.status.ending).toBe('complete');
    }
  });

  it.each(['int8', 'f32'] as const)('favours a token as much as the grammar says (%s)', (precision) => {
    const decision = automaton.states.findIndex(({ tokens }) => tokens.length > 3);
    const token = symbols.classes.get('brightness')!;
    const favoured = (nats: number) =>
      packGrammar(
        {
          ...automaton,
          states: automaton.states.map((state, i) =>
            i === decision ? { ...state, favoured: { token, nats } } : state,
          ),
        },
        [],
        { answers: true },
      );
    for (const request of requests) {
      expect(says(request, favoured(50), precision).answer).toMatch(/^\{"intent":"brightness"/);
      expect(says(request, favoured(-50), precision).answer).not.toMatch(/brightness/);
    }
  });

  it('is read again from its checkpoint, and takes other names without training', () => {
    const read = loadCheckpoint(writeCheckpoint(model, tokenizer, made.training), 'model.safetensors');
    expect(read.grammar).toEqual(model.grammar);
    const other = readHome([{ name: 'a', text: yaml.replace('kitchen,', 'bathroom, conservatory,') }]);
    const renewed = renewHome(other, read, read.tokenizer!);
    expect(Buffer.from(renewed.model.grammar!).includes('"conservatory"')).toBe(true);
    const more = readHome([{ name: 'a', text: yaml.replace('  brightness:\n', '  brilliance:\n') }]);
    expect(() => renewHome(more, read, read.tokenizer!)).toThrow(/trained for other intents or slots/);
  });
});
