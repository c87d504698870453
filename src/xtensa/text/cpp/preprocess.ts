/** The C preprocessor as `.S` files need it: includes, macros, conditions. */
import { UsageError } from '../../../errors.ts';
import {
  atPlace,
  describePlace,
  PlacedError,
  type SourceLine,
  type SourcePlace,
} from '../../source-place.ts';
import { evaluateCondition } from './condition.ts';
import { logicalLines } from './lines.ts';
import { type Expansion, expandTokens, type Macro, parseMacro } from './macros.ts';
import { type Token, textOf, tokenize } from './tokens.ts';

export interface IncludedFile {
  /** Its name, as messages and `__FILE__` show it; the same for the same file. */
  file: string;
  text: string;
}

export interface IncludeRequest {
  name: string;
  /** Written in <> rather than in quotes. */
  angled: boolean;
  /** The file that includes it, where it has a name. */
  from?: string;
}

export interface PreprocessOptions {
  /** Name of the source, for messages. */
  file?: string;
  /** Macros known from the start: `{ COUNT: '4', 'DOUBLE(x)': '(2*x)' }`. */
  defines?: Readonly<Record<string, string>>;
  /** Finds what `#include` names; undefined where there is none. */
  readInclude?(request: IncludeRequest): IncludedFile | undefined;
  /** Receives what `#warning` says. */
  onMessage?(message: string): void;
}

/** What compilers for this core define. */
const predefined: Readonly<Record<string, string>> = {
  __ASSEMBLER__: '1',
  __ELF__: '1',
  __XTENSA__: '1',
  __xtensa__: '1',
  __XTENSA_EL__: '1',
  __XTENSA_WINDOWED_ABI__: '1',
};

/** What stands for something else in every place. */
const builtInNames = new Set(['__LINE__', '__FILE__', '__COUNTER__', '__has_include']);

interface Branch {
  active: boolean;
  taken: boolean;
  outer: boolean;
  closed: boolean;
  place: SourcePlace;
}

interface State {
  options: PreprocessOptions;
  macros: Map<string, Macro>;
  expansion: Expansion;
  output: SourceLine[];
  /** Files that said `#pragma once`. */
  once: Set<string>;
  /** Files being read, outermost first. */
  depth: number;
  /** Lines read so far. */
  lines: number;
  counter: number;
  place: SourcePlace;
}

const maximumDepth = 64;
const maximumLines = 2_000_000;

const directivePattern =
  /^\s*#\s*(define|undef|ifdef|ifndef|if|elif|else|endif|include|include_next|error|warning|pragma|line|ident)\b([\s\S]*)$/;

/** A file under way. */
interface Reader {
  lines: readonly SourceLine[];
  at: number;
  branches: Branch[];
}

const isActive = (reader: Reader): boolean => reader.branches.at(-1)?.active ?? true;

/** `defined X`, `defined(X)` and `__has_include(...)`, which are answered before macros are expanded. */
function answerQuestions(state: State, text: string): string {
  const withIncludes = text.replace(
    /\b__has_include\s*\(\s*(?:"([^"]*)"|<([^>]*)>)\s*\)/g,
    (_, quoted?: string, angled?: string) => {
      const request = { name: quoted ?? angled ?? '', angled: quoted === undefined, from: state.place.file };
      return state.options.readInclude?.(request) ? '1' : '0';
    },
  );
  return withIncludes.replace(
    /\bdefined\s*(?:\(\s*([A-Za-z_$][\w$]*)\s*\)|([A-Za-z_$][\w$]*))/g,
    (_, one?: string, other?: string) => (isDefined(state, one ?? other ?? '') ? '1' : '0'),
  );
}

const isDefined = (state: State, name: string): boolean => state.macros.has(name) || builtInNames.has(name);

function condition(state: State, text: string): boolean {
  const tokens = expandTokens(tokenize(answerQuestions(state, text)), {
    ...state.expansion,
    nextLine: () => undefined,
  });
  if (tokens.length === 0) throw new UsageError('#if without a condition.');
  return evaluateCondition(tokens);
}

function macroName(text: string, keyword: string): string {
  const [, name] = /^\s*([A-Za-z_$][\w$]*)/.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`#${keyword} wants a name.`);
  return name;
}

/** Follows `#if` and its like; true where the line was one of them. */
function conditional(state: State, reader: Reader, keyword: string, text: string): boolean {
  const { branches } = reader;
  const top = branches.at(-1);
  const outer = isActive(reader);
  if (keyword === 'if' || keyword === 'ifdef' || keyword === 'ifndef') {
    const test = (): boolean =>
      keyword === 'if'
        ? condition(state, text)
        : isDefined(state, macroName(text, keyword)) === (keyword === 'ifdef');
    const active = outer && test();
    branches.push({ active, taken: active, outer, closed: false, place: state.place });
    return true;
  }
  if (keyword !== 'elif' && keyword !== 'else' && keyword !== 'endif') return false;
  if (!top) throw new UsageError(`#${keyword} without #if.`);
  if (keyword === 'endif') branches.pop();
  else if (top.closed) throw new UsageError(`#${keyword} after #else.`);
  else {
    top.closed = keyword === 'else';
    top.active = top.outer && !top.taken && (top.closed || condition(state, text));
    top.taken ||= top.active;
  }
  return true;
}

function include(state: State, text: string): void {
  const literal = /^\s*["<]/.test(text);
  const expanded = literal ? text : textOf(expandTokens(tokenize(text), state.expansion));
  const [, quoted, angled] = /^\s*(?:"([^"]+)"|<\s*([^>]+?)\s*>)\s*$/.exec(expanded) ?? [];
  const name = quoted ?? angled;
  if (name === undefined) throw new UsageError(`#include ${text.trim()}: write "file" or <file>.`);
  const { readInclude } = state.options;
  if (!readInclude) {
    throw new UsageError(`#include "${name}" cannot be followed: this text does not come from a file.`);
  }
  const found = readInclude({ name, angled: quoted === undefined, from: state.place.file });
  if (!found) throw new UsageError(`#include "${name}" was not found; name its folder with -I.`);
  if (state.depth >= maximumDepth) {
    throw new UsageError(`#include "${name}": files include each other too deeply.`);
  }
  if (state.once.has(found.file)) return;
  readFile(state, found.text, found.file);
}

function directive(state: State, keyword: string, text: string): void {
  const actions: Record<string, () => void> = {
    define() {
      const macro = parseMacro(text);
      state.macros.set(macro.name, macro);
    },
    undef: () => void state.macros.delete(macroName(text, keyword)),
    include: () => include(state, text),
    include_next: () => include(state, text),
    error() {
      throw new UsageError(`#error ${text.trim()}`);
    },
    warning: () => state.options.onMessage?.(`${describePlace(state.place)}: #warning ${text.trim()}`),
    pragma() {
      if (text.trim() === 'once' && state.place.file !== undefined) state.once.add(state.place.file);
    },
  };
  actions[keyword]?.();
}

/** Lines that continue a macro's arguments: whatever comes next, as long as it is no directive. */
function continuation(state: State, reader: Reader): readonly Token[] | undefined {
  const next = reader.lines[reader.at];
  if (!next || directivePattern.test(next.text)) return undefined;
  reader.at += 1;
  state.lines += 1;
  return tokenize(next.text);
}

const leadingSpace = /^\s*/;

function textLine(state: State, reader: Reader, { text, place }: SourceLine): void {
  const tokens = tokenize(text);
  const names = tokens.some((token) => token.kind === 'name' && isDefined(state, token.text));
  if (!names) {
    if (tokens.length > 0) state.output.push({ place, text });
    return;
  }
  const expansion = { ...state.expansion, nextLine: () => continuation(state, reader) };
  const [indent] = leadingSpace.exec(text)!;
  state.output.push({ place, text: indent + textOf(expandTokens(tokens, expansion)) });
}

function readLine(state: State, reader: Reader, line: SourceLine): void {
  const match = directivePattern.exec(line.text);
  if (!match) {
    if (isActive(reader)) textLine(state, reader, line);
    return;
  }
  const [, keyword, text] = match;
  if (!conditional(state, reader, keyword, text) && isActive(reader)) directive(state, keyword, text);
}

function readFile(state: State, text: string, file: string | undefined): void {
  const reader: Reader = { lines: logicalLines(text, file), at: 0, branches: [] };
  const outer = state.place;
  state.depth += 1;
  while (reader.at < reader.lines.length) {
    const line = reader.lines[reader.at++];
    state.place = line.place;
    atPlace(line.place, () => {
      if (++state.lines > maximumLines) throw new UsageError('the files included have too many lines.');
      readLine(state, reader, line);
    });
  }
  const open = reader.branches.at(-1);
  if (open) throw new PlacedError(`${describePlace(open.place)}: this #if has no #endif.`);
  state.depth -= 1;
  state.place = outer;
}

/**
 * Preprocesses a source: what is left are lines with the place where each was written. Throws a UsageError that begins
 * with the file and line of the mistake.
 */
export function preprocess(source: string, options: PreprocessOptions = {}): SourceLine[] {
  const macros = new Map<string, Macro>();
  for (const [name, value] of Object.entries({ ...predefined, ...options.defines })) {
    const macro = parseMacro(`${name} ${value}`);
    macros.set(macro.name, macro);
  }
  const state: State = {
    options,
    macros,
    expansion: {
      macros,
      budget: { made: 0 },
      nextLine: () => undefined,
      builtIn(name) {
        if (name === '__LINE__') return String(state.place.line);
        if (name === '__FILE__') return JSON.stringify(state.place.file ?? '');
        return name === '__COUNTER__' ? String(state.counter++) : undefined;
      },
    },
    output: [],
    once: new Set(),
    depth: 0,
    lines: 0,
    counter: 0,
    place: { file: options.file, line: 1 },
  };
  readFile(state, source, options.file);
  return state.output;
}
