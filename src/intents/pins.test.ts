import { expect, it } from 'vitest';
import { buildFirmware, createSession } from '../firmware/index.ts';
import { packGrammar } from '../grammar/index.ts';
import { shippedPrograms, trainMachinery } from '../node/index.ts';
import { quantize } from '../quantize/index.ts';
import { answerAutomaton } from './answer.ts';
import { trainHome, vocabularyOf } from './build.ts';
import { lineOf, pinEntries } from './pins.ts';
import { readHome } from './read.ts';

const read = (pins: string) =>
  readHome([
    {
      name: 'pins.yaml',
      text: `language: en
intents:
  light:
    data:
      - { slots: { state: "on" }, sentences: [lights on] }
      - { slots: { state: "off" }, sentences: [lights off] }
pins:
  ${pins}
`,
    },
  ]);
const home = read(`- { intent: light, slots: { state: "on" }, gpio: 12, level: 1 }
  - { intent: light, slots: { state: "on" }, gpio: 4, read: true }
  - { intent: light, slots: { state: "off" }, gpio: 12, level: 0 }`);

it.each([
  [
    '- { intent: light, slots: { state: "on" }, gpio: 20, level: 1 }',
    /pins.yaml, line 8: GPIO 20 cannot be used: USB/,
  ],
  ['- { intent: light, slots: { state: "on" }, gpio: 27, level: 1 }', /flash and PSRAM/],
  [
    '- { intent: light, slots: { state: "on" }, gpio: 1 }',
    /line 8: "level: 0" or "level: 1", or "read: true"/,
  ],
  ['- { intent: light, slots: { state: "on" }, gpio: 1, level: 2 }', /"level" wants 0 or 1/],
  ['- { intent: light, slots: { state: "on" }, pin: 1, level: 1 }', /there is no "pin" at a pin/],
])('refuses %s', (pins, message) => {
  expect(() => read(pins)).toThrow(message);
});

it('refuses a pin for what no sentence means', () => {
  const other = read('- { intent: light, slots: { state: dim }, gpio: 1, level: 1 }');
  expect(() => pinEntries(other)).toThrow(/pins.yaml, line 8: no sentence of the home means .*"dim"/);
});

it('moves and reads pins of the simulated chip', { timeout: 120_000 }, async () => {
  expect(lineOf(home, 'light', { state: 'on' })).toBe('{"intent":"light","slots":{"state":"on"}}');
  const made = await trainHome(home, {
    ...trainMachinery(),
    programs: shippedPrograms,
    steps: 1,
    threads: 1,
  });
  const { symbols, encode } = vocabularyOf(made.model, made.tokenizer, home);
  const automaton = answerAutomaton(home, symbols, encode);
  const level = (state: string) => {
    // However little the model has learned: this is its answer.
    const favoured = { token: symbols.classes.get(`light state=${state}`)!, nats: 1000 };
    const states = automaton.states.map((one) => (one.tokens.length > 1 ? { ...one, favoured } : one));
    const grammar = packGrammar({ ...automaton, states }, [], { answers: true, pins: pinEntries(home) });
    const model = quantize(made.model);
    const firmware = buildFirmware({ programs: shippedPrograms, model, tokenizer: made.tokenizer, grammar });
    const session = createSession(firmware);
    session.boot();
    session.chip.peripherals.gpio.drive(4, false);
    session.tell('whatever', 10);
    return {
      driven: session.chip.peripherals.gpio.driven(12),
      printed: session.printed,
      warnings: session.chip.warnings.list,
    };
  };
  const on = level('on');
  expect(on.driven).toBe(true);
  expect(on.printed).toContain(
    '{"intent":"light","slots":{"state":"on"}}\r\n{"gpio":12,"level":1}\r\n{"gpio":4,"level":0}\r\n',
  );
  expect(on.warnings).toEqual([]);
  const off = level('off');
  expect(off.driven).toBe(false);
  expect(off.printed).toContain('"off"}}\r\n{"gpio":12,"level":0}\r\n');
});
