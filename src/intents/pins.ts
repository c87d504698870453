/** `pins:` of a home: which answers move or read which pins. */
import { pinActions } from '../contract/index.ts';
import { FailureError, UsageError } from '../errors.ts';
import { digestBytes } from '../firmware/index.ts';
import type { PackedPin } from '../grammar/index.ts';
import { classesOf, valuesOf } from './answer.ts';
import { type Home, NONE, type PinRule, type Value } from './home.ts';
import { checkPercent, checkPin } from './pin-rules.ts';
import { slotsOf } from './sample.ts';

/** The line that is printed for a meaning: fixed slots as its class has them, then the others in the home's order. */
export function lineOf(home: Home, intent: string, slots: Readonly<Record<string, Value>>): string {
  const order = slotsOf(home);
  const names = Object.keys(slots);
  for (const { intent: name, fixed, fillings } of classesOf(home).values()) {
    if (name !== intent || intent === NONE) continue;
    const isFixed = Object.entries(fixed).every(([slot, value]) => slots[slot] === value);
    const others = names
      .filter((slot) => !Object.hasOwn(fixed, slot))
      .sort((a, b) => order.indexOf(a) - order.indexOf(b));
    if (!isFixed || !fillings.some((filling) => filling.join() === others.join())) continue;
    const all = { ...fixed, ...Object.fromEntries(others.map((slot) => [slot, slots[slot]])) };
    return JSON.stringify({ intent, slots: all });
  }
  throw new FailureError(`no sentence of the home means ${JSON.stringify({ intent, slots })}`);
}

/** By which the device knows a line. */
export const fingerprint = (text: string): bigint => digestBytes(new TextEncoder().encode(text));

const CODES = Object.keys(pinActions) as (keyof typeof pinActions)[];
/** Of LEDC. */
const CHANNELS = 8;
/** 80 KB of flash. */
const MOST_ENTRIES = 4096;

/** Rules as the device reads them: one a value of the slots that they name. @throws UsageError for a rule that no answer fits */
export function pinEntries(home: Home): PackedPin[] {
  const channels = new Map<number, number>();
  const values = home.pins.length === 0 ? new Map<string, Map<string, Value>>() : valuesOf(home);
  const said = (slot: string, { where }: PinRule): Value[] => {
    const found = values.get(slot);
    if (found === undefined) throw new UsageError(`${where}: there is no slot "${slot}"`);
    return [...new Set(found.values())];
  };
  const entries = home.pins.flatMap((rule) =>
    casesOf(rule, said).map(({ slots, gpio, percent }): PackedPin => {
      const { intent, action, where } = rule;
      let value = 0;
      if (action.do === 'pwm') {
        if (!channels.has(gpio)) channels.set(gpio, channels.size);
        if (channels.size > CHANNELS)
          throw new UsageError(`${where}: at most ${CHANNELS} pins can have "pwm", and this is one more`);
        value = percent + (channels.get(gpio)! << 16);
      }
      return { answer: fingerprint(line(home, intent, slots, where)), gpio, action: codeOf(rule), value };
    }),
  );
  if (entries.length > MOST_ENTRIES)
    throw new UsageError(`the pins follow ${entries.length} answers; ${MOST_ENTRIES} are the most`);
  return entries;
}

const codeOf = ({ action }: PinRule): number =>
  action.do === 'level' ? action.level : CODES.indexOf(action.do);

function line(home: Home, intent: string, slots: Readonly<Record<string, Value>>, where: string): string {
  try {
    return lineOf(home, intent, slots);
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}`);
  }
}

interface PinCase {
  slots: Readonly<Record<string, Value>>;
  gpio: number;
  percent: number;
}

/** A rule for each pin and share of time that its slots may hold. */
function casesOf(rule: PinRule, said: (slot: string, rule: PinRule) => Value[]): PinCase[] {
  const { slots, gpio, action, where } = rule;
  const pins =
    typeof gpio === 'string'
      ? said(gpio, rule).map((value) => ({
          slots: { ...slots, [gpio]: value },
          gpio: checkPin(value, action.do, where),
        }))
      : [{ slots, gpio: gpio ?? 0 }];
  const percent = action.do === 'pwm' ? action.percent : 0;
  if (typeof percent === 'number') return pins.map((one) => ({ ...one, percent }));
  return pins.flatMap((one) =>
    said(percent, rule).map((value) => ({
      slots: { ...one.slots, [percent]: value },
      gpio: one.gpio,
      percent: checkPercent(value, where),
    })),
  );
}
