/** What a home understands: intents with their sentences, and the lists and rules that those use. */
import type { Template } from './template.ts';

/** What a slot says: of a list, its `out`. */
export type Value = string | number | boolean;

export interface ListValue {
  readonly text: Template;
  readonly out: Value;
}

export type SlotList =
  | { readonly kind: 'values'; readonly values: readonly ListValue[] }
  /** Numbers, as digits or (whole ones) words; `factor`: what they are multiplied with. */
  | {
      readonly kind: 'range';
      readonly from: number;
      readonly to: number;
      readonly step: number;
      readonly factor: number;
    }
  /** Any words. */
  | { readonly kind: 'wildcard' };

export interface Sentence {
  readonly text: string;
  readonly template: Template;
  /** File and line. */
  readonly where: string;
}

/** Sentences that say the same. */
export interface Block {
  readonly sentences: readonly Sentence[];
  /** Slots that go without saying. */
  readonly slots: Readonly<Record<string, Value>>;
  /** Lists and rules of its own, before those of the home. */
  readonly scope: Scope;
}

export interface Intent {
  readonly name: string;
  readonly blocks: readonly Block[];
}

export interface Scope {
  readonly lists: ReadonlyMap<string, SlotList>;
  readonly rules: ReadonlyMap<string, Template>;
}

export interface Home extends Scope {
  readonly language: string;
  readonly intents: readonly Intent[];
  /** Lists of `names:`, which may change without training. */
  readonly names: ReadonlySet<string>;
  readonly pins: readonly PinRule[];
  /** Words that say nothing of what is wanted. */
  readonly skipWords: readonly string[];
}

/** What happens to a pin; `percent`: of the time that it is high, or the slot that says so. */
export type PinAction =
  | { readonly do: 'level'; readonly level: 0 | 1 }
  | { readonly do: 'pwm'; readonly percent: number | string }
  | { readonly do: 'read' | 'adc' | 'temperature' };

/** An answer that moves or reads a pin, or tells the chip's temperature. */
export interface PinRule {
  readonly intent: string;
  readonly slots: Readonly<Record<string, Value>>;
  /** Or the slot that says which; undefined where there is none. */
  readonly gpio: number | string | undefined;
  readonly action: PinAction;
  readonly where: string;
}

/** The intent that stands for everything else. */
export const NONE = 'none';

/** A sentence understood. */
export interface Meaning {
  readonly intent: string;
  readonly slots: Readonly<Record<string, Value>>;
}

export const sameMeaning = (a: Meaning, b: Meaning): boolean =>
  a.intent === b.intent &&
  Object.keys(a.slots).length === Object.keys(b.slots).length &&
  Object.entries(a.slots).every(([slot, value]) => b.slots[slot] === value);
