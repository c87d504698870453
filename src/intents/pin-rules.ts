/** One line of `pins:`: what it may say, and which pins a home may use. */
import { UsageError } from '../errors.ts';
import type { PinAction, PinRule, Value } from './home.ts';

/** Pins that are not there (22 to 25), or lead to flash and PSRAM (26 to 32). */
const TAKEN: readonly (readonly [first: number, last: number, why: string])[] = [
  [22, 25, 'the chip has no such pin'],
  [26, 32, 'flash and PSRAM are connected there'],
  [19, 20, 'USB is connected there'],
  [43, 44, 'the console is connected there'],
];
const LAST_PIN = 48;
/** SAR ADC1; the other converter shares its time with Wi-Fi. */
const LAST_ANALOG_PIN = 10;

/** @throws UsageError for a pin that an action cannot have */
export function checkPin(gpio: Value, action: PinAction['do'], where: string): number {
  if (typeof gpio !== 'number' || !Number.isInteger(gpio) || gpio < 0 || gpio > LAST_PIN)
    throw new UsageError(
      `${where}: "gpio" wants the number of a pin, 0 to ${LAST_PIN}, or a slot that holds it`,
    );
  const taken = TAKEN.find(([first, last]) => gpio >= first && gpio <= last);
  if (taken !== undefined) throw new UsageError(`${where}: GPIO ${gpio} cannot be used: ${taken[2]}`);
  if (action === 'adc' && (gpio < 1 || gpio > LAST_ANALOG_PIN))
    throw new UsageError(`${where}: voltages are read on GPIO 1 to ${LAST_ANALOG_PIN}, not on ${gpio}`);
  return gpio;
}

/** @throws UsageError for what is no share of time */
export function checkPercent(value: Value, where: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100) return value;
  throw new UsageError(
    `${where}: "pwm" wants whole percent, 0 to 100, or a slot that holds them, not ${JSON.stringify(value)}`,
  );
}

/** What a line of `pins:` says beside its intent and slots. */
const ACTIONS: Readonly<Record<PinAction['do'], (said: Value, where: string) => PinAction>> = {
  level(said, where) {
    if (said === 0 || said === 1) return { do: 'level', level: said };
    throw new UsageError(`${where}: "level" wants 0 or 1`);
  },
  pwm: (said, where) => ({
    do: 'pwm',
    percent: typeof said === 'string' ? said : checkPercent(said, where),
  }),
  read: (said, where) => wanted('read', said, where),
  adc: (said, where) => wanted('adc', said, where),
  temperature: (said, where) => wanted('temperature', said, where),
};
const KEYS = Object.keys(ACTIONS) as PinAction['do'][];

function wanted<Do extends 'read' | 'adc' | 'temperature'>(what: Do, said: Value, where: string): { do: Do } {
  if (said === true) return { do: what };
  throw new UsageError(`${where}: "${what}" wants true`);
}

/** @param of what stands behind a key; `keys`: those that are there */
export function pinRule(
  keys: readonly string[],
  of: (key: string, what: string) => Value,
  slots: PinRule['slots'],
  where: string,
): PinRule {
  const unknown = keys.find((key) => !['intent', 'slots', 'gpio', ...KEYS].includes(key));
  if (unknown !== undefined)
    throw new UsageError(
      `${where}: there is no "${unknown}" at a pin; it has intent, slots, gpio, and one of ${KEYS.join(', ')}`,
    );
  const [key, ...others] = KEYS.filter((one) => keys.includes(one));
  if (key === undefined || others.length > 0)
    throw new UsageError(
      `${where}: a pin wants one of "level: 0", "level: 1", "pwm: 40", "read: true", "adc: true", "temperature: true"`,
    );
  const action = ACTIONS[key](of(key, 'a value'), where);
  const intent = String(of('intent', '"intent: name"'));
  if (key === 'temperature') {
    if (!keys.includes('gpio')) return { intent, slots, gpio: undefined, action, where };
    throw new UsageError(`${where}: the chip's temperature has no "gpio"`);
  }
  const gpio = of('gpio', '"gpio: number"');
  return {
    intent,
    slots,
    gpio: typeof gpio === 'string' ? gpio : checkPin(gpio, key, where),
    action,
    where,
  };
}
