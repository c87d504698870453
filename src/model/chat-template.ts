/**
 * How a conversation is written for a model: what stands before and behind a turn of each role, and what ends an answer. A model that was
 * taught one has it in its metadata; anything else of a prompt (conditions, tools) has no place here.
 */
import { utf8Length } from '../bytes.ts';

export const ROLES = ['system', 'user', 'assistant'] as const;
export type Role = (typeof ROLES)[number];

export interface Turn {
  role: Role;
  content: string;
}

/** Texts, and numbers of tokens that no text has in it. */
export type TemplateParts = readonly (string | number)[];

export interface Around {
  before: TemplateParts;
  behind: TemplateParts;
}

export interface ChatTemplate {
  /** Missing: the model knows no such turn. */
  system?: Around;
  user: Around;
  /** What stands before it opens an answer, without a space at its end: that comes with the answer. */
  assistant: Around;
  /** Before a user's turn right behind the system's, where it is not what stands before others. */
  afterSystem?: TemplateParts;
  /** Before the first turn of a conversation without the system's: mostly such a turn, with a text of the model's own. */
  withoutSystem?: TemplateParts;
  /** What ends an answer beside the tokens that end every text. */
  end?: string | number;
}

/** Bytes of the longest text that may end an answer (UNTIL_BYTES of the contract). */
export const LONGEST_END = 32;

const PLAIN: ChatTemplate = {
  system: { before: [], behind: ['\n'] },
  user: { before: ['User: '], behind: ['\n'] },
  assistant: { before: ['Assistant: '], behind: ['\n'] },
  end: '\n',
};

/** Templates that go by a name: for models that were taught them as text. */
export const TEMPLATES: Readonly<Record<string, ChatTemplate>> = { plain: PLAIN };

/** Lists beside those of the roles, and how sentences begin with them. */
const BESIDE = { afterSystem: 'an afterSystem', withoutSystem: 'a withoutSystem' } as const;

/** A template from JSON, or what is wrong with it. `vocabulary`: pieces of the model, where they are known. */
export function chatTemplateFrom(
  value: unknown,
  vocabulary = Number.POSITIVE_INFINITY,
): ChatTemplate | string {
  const isObject = (it: unknown): it is Record<string, unknown> =>
    typeof it === 'object' && it !== null && !Array.isArray(it);
  const isToken = (it: unknown): boolean =>
    Number.isSafeInteger(it) && (it as number) >= 0 && (it as number) < vocabulary;
  const isPart = (it: unknown): boolean => isToken(it) || (typeof it === 'string' && it !== '');
  const isParts = (it: unknown): boolean => Array.isArray(it) && it.every(isPart);
  const isEnd = (it: unknown): boolean =>
    isToken(it) || (typeof it === 'string' && it !== '' && utf8Length(it) <= LONGEST_END);
  if (!isObject(value)) return 'is no JSON object';
  const known = ['system', 'user', 'assistant', ...Object.keys(BESIDE), 'end'];
  const strange = Object.keys(value).find((key) => !known.includes(key));
  if (strange !== undefined) return `says ${strange}, which is none of ${known.join(', ')}`;
  for (const role of ROLES) {
    const around = value[role];
    if (around === undefined && role === 'system') continue;
    if (
      !isObject(around) ||
      Object.keys(around).length !== 2 ||
      !isParts(around.before) ||
      !isParts(around.behind)
    )
      return `has no lists of texts and tokens as before and behind of ${role}`;
  }
  const noList = Object.entries(BESIDE).find(([key]) => value[key] !== undefined && !isParts(value[key]));
  if (noList) return `has ${noList[1]} that is no list of texts and tokens`;
  if (value.end !== undefined && !isEnd(value.end))
    return `has an end that is neither a token nor a text of at most ${LONGEST_END} bytes`;
  if ((value.assistant as Around).before.length === 0 && (value.user as Around).behind.length === 0)
    return 'puts nothing between a question and its answer';
  return value as unknown as ChatTemplate;
}

/** What of {@link Around.before} opens an answer, and the space that the answer begins with. */
function opening(before: TemplateParts): { parts: TemplateParts; space: string } {
  const last = before.at(-1);
  if (typeof last !== 'string') return { parts: before, space: '' };
  const text = last.replace(/ +$/, '');
  return { parts: [...before.slice(0, -1), text], space: last.slice(text.length) };
}

/** Neighbouring texts as one, without empty ones. */
function joined(parts: TemplateParts): TemplateParts {
  const out: (string | number)[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
    else out.push(part);
  }
  return out;
}

/**
 * What a conversation is read as, turn by turn; behind the last one, what opens the answer. A turn's content goes without white space
 * around it. Each list is encoded apart from the others, and of the assistant's turns what opens them apart from the rest, so that tokens
 * stay what they were when a turn comes behind them.
 */
export function renderTurns(template: ChatTemplate, turns: readonly Turn[]): TemplateParts[] {
  const { parts: opens, space } = opening(template.assistant.before);
  const rendered = turns.map(({ role, content }, i): TemplateParts => {
    const around = template[role];
    if (!around) throw new Error(`renderTurns: the template has no turn of ${role}`);
    const { afterSystem, withoutSystem = [] } = template;
    const first = i === 0 && role !== 'system' ? withoutSystem : [];
    const isAfterSystem = role === 'user' && turns[i - 1]?.role === 'system' && afterSystem !== undefined;
    const text = content.trim();
    if (role !== 'assistant')
      return joined([...first, ...(isAfterSystem ? afterSystem : around.before), text, ...around.behind]);
    return [...joined([...first, ...opens]), ...joined([space + text, ...around.behind])];
  });
  return [...rendered, joined(opens)];
}

/** Whether a conversation can be written by a template and ends with a question; else what is wrong with it. */
export function checkTurns(template: ChatTemplate, turns: readonly Turn[]): string | undefined {
  if (turns.at(-1)?.role !== 'user') return "the last message must be the user's";
  if (turns[0].role === 'system' && !template.system)
    return "the model's template knows no system message; leave it out";
  if (turns.some(({ role }, i) => role === 'system' && i > 0))
    return 'a system message may only be the first';
  return undefined;
}

/** A template whose tokens have other numbers. */
export function renumbered(template: ChatTemplate, place: (token: number) => number): ChatTemplate {
  const one = <T extends string | number>(part: T): T =>
    typeof part === 'number' ? (place(part) as T) : part;
  const around = ({ before, behind }: Around): Around => ({
    before: before.map(one),
    behind: behind.map(one),
  });
  const { system, user, assistant, afterSystem, withoutSystem, end } = template;
  return {
    ...(system ? { system: around(system) } : {}),
    user: around(user),
    assistant: around(assistant),
    ...(afterSystem ? { afterSystem: afterSystem.map(one) } : {}),
    ...(withoutSystem ? { withoutSystem: withoutSystem.map(one) } : {}),
    ...(end === undefined ? {} : { end: one(end) }),
  };
}

/** The tokens that a template has by their numbers. */
export function tokensIn(template: ChatTemplate | undefined): number[] {
  const found: number[] = [];
  if (template) renumbered(template, (token) => found.push(token));
  return found;
}
