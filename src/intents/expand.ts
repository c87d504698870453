/** All texts of a template, and texts drawn from it. */
import { FailureError } from '../errors.ts';
import type { ListValue, Scope, SlotList, Value } from './home.ts';
import { sayNumber } from './numbers.ts';
import { normalize, type Template } from './template.ts';

/** Texts of one value, above which a list is refused. */
const MOST_TEXTS = 2000;

/** Every text of a template that has no lists in it, normalised, each once. @throws FailureError above 2,000 */
export function textsOf(template: Template, rules: Scope['rules']): string[] {
  const all = (one: Template): string[] => {
    switch (one.kind) {
      case 'text':
        return [one.text];
      case 'choice':
        return one.parts.flatMap(all);
      case 'sequence':
        return one.parts.map(all).reduce(product(''), ['']);
      case 'permutation':
        return ordersOf(one.parts).flatMap((parts) => parts.map(all).reduce(product(' '), ['']));
      case 'rule':
        return all(rules.get(one.name)!);
      case 'list':
        throw new FailureError(`the list {${one.list}} stands within a value, which has to be a text`);
    }
  };
  return [...new Set(all(template).map(normalize))].filter((text) => text !== '');
}

const product =
  (between: string) =>
  (texts: string[], more: string[]): string[] => {
    if (texts.length * more.length > MOST_TEXTS)
      throw new FailureError(
        `a template has more than ${MOST_TEXTS} texts; write it with fewer alternatives`,
      );
    return texts.flatMap((text) => more.map((next) => text + between + next));
  };

function ordersOf(parts: readonly Template[]): Template[][] {
  if (parts.length < 2) return [[...parts]];
  return parts.flatMap((first, i) =>
    ordersOf(parts.filter((_, j) => j !== i)).map((rest) => [first, ...rest]),
  );
}

export interface Said {
  readonly text: string;
  readonly out: Value;
}

/** Numbers of a range, ascending. */
export function numbersOf({ from, to, step }: Extract<SlotList, { kind: 'range' }>): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

/** Everything that a list takes, with what it stands for; nothing for one that takes any words. */
export function saidOf(list: SlotList, rules: Scope['rules'], language: string): Said[] {
  switch (list.kind) {
    case 'wildcard':
      return [];
    case 'range':
      return numbersOf(list).flatMap((value) =>
        sayNumber(value, language).map((text) => ({ text, out: value * list.factor })),
      );
    case 'values':
      return list.values.flatMap(({ text, out }: ListValue) =>
        textsOf(text, rules).map((said) => ({ text: said, out })),
      );
  }
}
