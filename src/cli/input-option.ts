/** `--input`: what a simulated pin carries from outside. */
import { type Command, InvalidArgumentError } from 'commander';
import type { PinInput } from '../firmware/index.ts';

/** Pins are supplied with so many millivolts, and stand no more. */
const SUPPLY = 3300;
const LAST_PIN = 48;

export interface InputOptions {
  input: PinInput[];
}

export const inputOption = (command: Command): Command =>
  command.option(
    '--input <pin=volts>',
    'what a simulated pin carries: 3=1.25V, 3=1250mV, 4=high or 4=low; may be given again (default: pins to read are pulled up, voltages 0)',
    (text: string, before: PinInput[]) => {
      const input = pinInput(text);
      return [...before.filter(({ gpio }) => gpio !== input.gpio), input];
    },
    [],
  );

function pinInput(text: string): PinInput {
  const [, pin, number, unit, level] = /^(\d{1,2})=(?:(\d+(?:\.\d+)?)(m?V)|(high|low))$/.exec(text) ?? [];
  const gpio = Number(pin);
  const millivolts = level
    ? level === 'high'
      ? SUPPLY
      : 0
    : Math.round(Number(number) * (unit === 'mV' ? 1 : 1000));
  if (pin === undefined || gpio > LAST_PIN)
    throw new InvalidArgumentError(
      `Give a pin from 0 to ${LAST_PIN} and what it carries, such as 3=1.25V or 4=low.`,
    );
  if (millivolts > SUPPLY) throw new InvalidArgumentError(`A pin carries ${SUPPLY / 1000} V at most.`);
  return { gpio, millivolts };
}
