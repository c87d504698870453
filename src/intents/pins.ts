/** `pins:` of a home: which answers move or read which pins. */
import { FailureError, UsageError } from '../errors.ts';
import type { PackedPin } from '../grammar/index.ts';
import { classesOf } from './answer.ts';
import { type Home, NONE, type Value } from './home.ts';
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

/** An action of the contract: the level is told. */
const READ = 2;
const BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits. */
export function fingerprint(text: string): bigint {
  let hash = BASIS;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash;
}

/** Rules as the device reads them. @throws UsageError for a rule that no answer fits */
export function pinEntries(home: Home): PackedPin[] {
  return home.pins.map(({ intent, slots, gpio, action, where }) => {
    try {
      return {
        answer: fingerprint(lineOf(home, intent, slots)),
        gpio,
        action: action === 'read' ? READ : action,
      };
    } catch (error) {
      throw new UsageError(`${where}: ${(error as Error).message}`);
    }
  });
}
