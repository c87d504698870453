import { Command } from 'commander';
import { expect, it } from 'vitest';
import { inputOption } from './input-option.ts';

const parse = (...args: string[]) =>
  inputOption(new Command().exitOverride().configureOutput({ writeErr() {} }))
    .parse(args, { from: 'user' })
    .opts().input;

it('takes volts, millivolts and levels, the last one of a pin', () => {
  expect(parse()).toEqual([]);
  expect(parse('--input', '3=1.25V', '--input', '10=900mV', '--input', '4=high', '--input', '4=low')).toEqual(
    [
      { gpio: 3, millivolts: 1250 },
      { gpio: 10, millivolts: 900 },
      { gpio: 4, millivolts: 0 },
    ],
  );
});

it.each(['3', '3=', '3=1', '49=1V', '3=-1V', '3=3.4V', 'x=1V'])('refuses %s', (text) => {
  expect(() => parse('--input', text)).toThrow();
});
