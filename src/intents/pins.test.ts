import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pinStates } from '../chip/soc/index.ts';
import { buildFirmware, createSession } from '../firmware/index.ts';
import { packGrammar } from '../grammar/index.ts';
import { shippedPrograms, trainMachinery } from '../node/index.ts';
import { quantize } from '../quantize/index.ts';
import { answerAutomaton } from './answer.ts';
import { trainHome, vocabularyOf } from './build.ts';
import { fingerprint, lineOf, pinEntries } from './pins.ts';
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
  dim:
    data:
      - { sentences: ["dim {pin} to {percent}"] }
lists:
  pin: { values: [{ in: five, out: 5 }, { in: six, out: 6 }] }
  percent: { range: { from: 0, to: 100, step: 10 } }
pins:
  ${pins}
`,
    },
  ]);
const home = read(`- { intent: light, slots: { state: "on" }, gpio: 12, level: 1 }
  - { intent: light, slots: { state: "on" }, gpio: 4, read: true }
  - { intent: light, slots: { state: "on" }, gpio: 5, pwm: 40 }
  - { intent: light, slots: { state: "on" }, gpio: 3, adc: true }
  - { intent: light, slots: { state: "on" }, temperature: true }
  - { intent: light, slots: { state: "off" }, gpio: 12, level: 0 }
  - { intent: light, slots: { state: "off" }, gpio: 5, pwm: 100 }
  - { intent: light, slots: { state: "off" }, gpio: 5, level: 1 }
  - { intent: dim, gpio: pin, pwm: percent }`);

it.each([
  [
    '- { intent: light, slots: { state: "on" }, gpio: 20, level: 1 }',
    /pins.yaml, line 14: GPIO 20 cannot be used: USB/,
  ],
  ['- { intent: light, slots: { state: "on" }, gpio: 27, level: 1 }', /flash and PSRAM/],
  ['- { intent: light, slots: { state: "on" }, gpio: 1 }', /line 14: a pin wants one of "level: 0"/],
  ['- { intent: light, slots: { state: "on" }, gpio: 1, level: 2 }', /"level" wants 0 or 1/],
  ['- { intent: light, slots: { state: "on" }, gpio: 1, level: 1, pwm: 4 }', /a pin wants one of/],
  ['- { intent: light, slots: { state: "on" }, pin: 1, level: 1 }', /there is no "pin" at a pin/],
  ['- { intent: light, slots: { state: "on" }, gpio: 1, pwm: 101 }', /whole percent, 0 to 100.*not 101/],
  ['- { intent: light, slots: { state: "on" }, gpio: 1, read: false }', /"read" wants true/],
  ['- { intent: light, slots: { state: "on" }, gpio: 11, adc: true }', /GPIO 1 to 10, not on 11/],
  ['- { intent: light, slots: { state: "on" }, gpio: 1, temperature: true }', /has no "gpio"/],
])('refuses %s', (pins, message) => {
  expect(() => read(pins)).toThrow(message);
});

it('reads the example', () => {
  const text = readFileSync(new URL('../../examples/home/pins.yaml', import.meta.url), 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(30);
  // On, off and level of 17 pins, 4 pins at 11 shares, 3 voltages, a temperature.
  expect(pinEntries(readHome([{ name: 'pins.yaml', text }]))).toHaveLength(3 * 17 + 4 * 11 + 3 + 1);
});

it('refuses a pin for what no sentence means', () => {
  const other = read('- { intent: light, slots: { state: dim }, gpio: 1, level: 1 }');
  expect(() => pinEntries(other)).toThrow(/pins.yaml, line 14: no sentence of the home means .*"dim"/);
});

it('follows every value of a slot that a pin names', () => {
  const entries = pinEntries(home).slice(-22);
  expect(entries.map(({ gpio }) => gpio)).toEqual([...Array(11).fill(5), ...Array(11).fill(6)]);
  expect(entries[3].answer).toBe(fingerprint('{"intent":"dim","slots":{"pin":5,"percent":30}}'));
  // Channels of LEDC belong to pins: 5 had one already.
  expect(entries.map(({ value }) => value)).toEqual(
    [0, 1].flatMap((channel) => Array.from({ length: 11 }, (_, i) => 10 * i + channel * 0x10000)),
  );
  expect(() => pinEntries(read('- { intent: dim, slots: { pin: 5 }, gpio: 1, pwm: share }'))).toThrow(
    /line 14: there is no slot "share"/,
  );
  expect(() => pinEntries(read('- { intent: dim, slots: { percent: 0 }, gpio: state, level: 1 }'))).toThrow(
    /there is no slot "state"/,
  );
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
    const inputs = [
      { gpio: 4, millivolts: 0 },
      { gpio: 3, millivolts: 1234 },
    ];
    const session = createSession(firmware, { inputs });
    session.boot();
    const { gpio, sens } = session.chip.peripherals;
    sens.celsius = 41.5;
    session.tell('whatever', 10);
    return {
      driven: gpio.driven(12),
      pins: pinStates(session.chip),
      printed: session.printed,
      warnings: session.chip.warnings.list,
    };
  };
  const on = level('on');
  expect(on.driven).toBe(true);
  const [, millivolts] = /"adc":\d+,"millivolts":(\d+)/.exec(on.printed)!.map(Number);
  expect(Math.abs(millivolts - 1234)).toBeLessThanOrEqual(2);
  expect(on.printed).toMatch(
    /{"intent":"light","slots":{"state":"on"}}\r\n{"gpio":12,"level":1}\r\n{"gpio":4,"level":0}\r\n{"gpio":5,"pwm":40}\r\n{"gpio":3,"adc":\d+,"millivolts":\d+}\r\n{"celsius":41.3}\r\n/,
  );
  expect(on.pins).toEqual([
    { gpio: 5, pwm: 39.9, hertz: 5000 },
    { gpio: 12, level: 1 },
  ]);
  expect(on.warnings).toEqual([]);
  const off = level('off');
  expect(off.driven).toBe(false);
  expect(off.pins).toEqual([
    { gpio: 5, level: 1 },
    { gpio: 12, level: 0 },
  ]);
  expect(off.printed).toContain(
    '"off"}}\r\n{"gpio":12,"level":0}\r\n{"gpio":5,"pwm":100}\r\n{"gpio":5,"level":1}\r\n',
  );
  expect(off.warnings).toEqual([]);
});
