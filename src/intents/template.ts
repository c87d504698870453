/**
 * Sentence templates as Home Assistant's users write them: `turn on [the] (lamp|light) in {area}`, rules `<turn>`, slots of another
 * name `{brightness_level:brightness}`, parts in any order `(now;please)`.
 */
import { UsageError } from '../errors.ts';

export type Template =
  /** Characters as they are; spaces count as one, and none at either end of a sentence. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Template[] }
  /** One of them; an empty sequence among them makes it optional. */
  | { readonly kind: 'choice'; readonly parts: readonly Template[] }
  /** All of them, in any order, spaces between them. */
  | { readonly kind: 'permutation'; readonly parts: readonly Template[] }
  | { readonly kind: 'list'; readonly list: string; readonly slot: string }
  | { readonly kind: 'rule'; readonly name: string };

export const NOTHING: Template = { kind: 'sequence', parts: [] };
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };
const SPECIAL = /[()[\]{}<>|;\\]/;
const REFERENCE = /^[\p{L}\p{N}_-]+(?::[\p{L}\p{N}_-]+)?$/u;

/** Reads one template; `where` names its file and line. @throws UsageError that says what is wrong with it */
export function parseTemplate(text: string, where: string): Template {
  let at = 0;
  const fail = (message: string): UsageError =>
    new UsageError(`${where}: "${text}", character ${at + 1}: ${message}`);

  const readGroup = (close: string | undefined): Template => {
    const choices: Template[] = [];
    let ordered: Template[] = [];
    let parts: Template[] = [];
    const endPart = (): Template => {
      const part = parts.length === 1 ? parts[0] : ({ kind: 'sequence', parts } as const);
      parts = [];
      return part;
    };
    const endChoice = () => {
      const last = endPart();
      choices.push(ordered.length === 0 ? last : { kind: 'permutation', parts: [...ordered, last] });
      ordered = [];
    };
    for (;;) {
      const next = text[at];
      if (next === undefined || next === ')' || next === ']') {
        if (next !== close) {
          throw fail(
            close === undefined
              ? `there is a ${next} without its opening`
              : `the closing ${close} is missing`,
          );
        }
        endChoice();
        return choices.length === 1 ? choices[0] : { kind: 'choice', parts: choices };
      }
      at++;
      if (next === '|') endChoice();
      else if (next === ';') ordered.push(endPart());
      else if (next in CLOSING) {
        const inner = readGroup(CLOSING[next]);
        at++;
        parts.push(next === '(' ? inner : optional(inner));
      } else if (next === '{') parts.push(readReference('}'));
      else if (next === '<') parts.push(readReference('>'));
      else parts.push(readText(next));
    }
  };

  const readReference = (close: '}' | '>'): Template => {
    const end = text.indexOf(close, at);
    if (end < 0) throw fail(`the closing ${close} is missing`);
    const inner = text.slice(at, end).trim();
    if (!REFERENCE.test(inner)) throw fail(`"${inner}" is no name; it takes letters, digits, _ and -`);
    at = end + 1;
    if (close === '>') return { kind: 'rule', name: inner };
    const [list, slot = list] = inner.split(':');
    return { kind: 'list', list, slot };
  };

  const readText = (first: string): Template => {
    if (first === '}' || first === '>') throw fail(`there is a ${first} without its opening`);
    let found = first === '\\' ? (text[at++] ?? '') : first;
    while (at < text.length && !SPECIAL.test(text[at])) found += text[at++];
    return { kind: 'text', text: found.replace(/\s+/g, ' ') };
  };

  return readGroup(undefined);
}

function optional(inner: Template): Template {
  return { kind: 'choice', parts: inner.kind === 'choice' ? [...inner.parts, NOTHING] : [inner, NOTHING] };
}

/** Every list and rule that a template names, with what it calls the slot. */
export function references(template: Template): Extract<Template, { kind: 'list' | 'rule' }>[] {
  if (template.kind === 'text') return [];
  return 'parts' in template ? template.parts.flatMap(references) : [template];
}

/** Sentences as they are compared: lower case, one space between words, no marks at the end of words, `ё` as people type it. */
export function normalize(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[.,!?;:¿¡"«»…]+(?=\s|$)|(?<=^|\s)[¿¡"«»]+/gu, ' ')
    .replace(/[’`]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();
}
