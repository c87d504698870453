/** Source text to statements: comments gone, `;` split, labels and line numbers kept. */
import { UsageError } from '../../errors.ts';

export interface Statement {
  line: number;
  text: string;
}

/** Position after the string or character constant that starts at `start`. */
function endOfQuoted(source: string, start: number): number {
  const quote = source[start];
  let at = start + 1;
  if (quote === "'") {
    // GNU as: an apostrophe and one character, the closing apostrophe is optional.
    at += source[at] === '\\' ? 2 : 1;
    return source[at] === "'" ? at + 1 : at;
  }
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, source.length);
}

/** Blanks out block comments (keeping their line breaks) and cuts line comments (`//`, and `#` where `hash` says so). */
export function withoutComments(source: string, hash = true): string {
  const pieces: string[] = [];
  let from = 0;
  let at = 0;
  const cut = (until: number, replacement: string): void => {
    pieces.push(source.slice(from, at), replacement);
    from = at = until;
  };
  while (at < source.length) {
    const char = source[at];
    if (char === '"' || char === "'") at = endOfQuoted(source, at);
    else if (char === '/' && source[at + 1] === '*') {
      const end = source.indexOf('*/', at + 2);
      if (end < 0)
        throw new UsageError(`line ${lineAt(source, at)}: a comment starts with /* and never ends.`);
      cut(end + 2, ' ' + source.slice(at, end).replace(/[^\n]/g, ''));
    } else if ((hash && char === '#') || (char === '/' && source[at + 1] === '/')) {
      const end = source.indexOf('\n', at);
      cut(end < 0 ? source.length : end, '');
    } else at += 1;
  }
  pieces.push(source.slice(from));
  return pieces.join('');
}

function lineAt(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}

/** Splits at `separator` outside of quotes; parentheses keep what they enclose together when `nested`. */
export function splitOutside(text: string, separator: string, nested = false): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const char = text[at];
    if (char === '"' || char === "'") {
      at = endOfQuoted(text, at);
      continue;
    }
    if (nested && char === '(') depth += 1;
    if (nested && char === ')') depth -= 1;
    if (char === separator && depth <= 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    at += 1;
  }
  parts.push(text.slice(from));
  return parts;
}

export function splitStatements(source: string): Statement[] {
  const statements: Statement[] = [];
  withoutComments(source.replaceAll('\r\n', '\n'))
    .split('\n')
    .forEach((lineText, index) => {
      const parts = lineText.includes(';') ? splitOutside(lineText, ';') : [lineText];
      for (const part of parts) {
        const text = part.trim();
        if (text !== '') statements.push({ line: index + 1, text });
      }
    });
  return statements;
}
