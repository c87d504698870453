/** Source text to statements: comments gone, `;` split, labels and line numbers kept. */
import { describePlace, PlacedError, type SourceLine } from '../source-place.ts';

/** One instruction, directive or label, without comments. */
export type Statement = SourceLine;

/** Position after the string or character constant that starts at `start`. */
export function endOfQuoted(source: string, start: number): number {
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

/** Blanks out block comments (keeping their line breaks) and cuts `//` and, where `hash` says so, `#`. */
function withoutComments(source: string, hash: boolean, file?: string): string {
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
      if (end < 0) {
        const place = { file, line: source.slice(0, at).split('\n').length };
        throw new PlacedError(`${describePlace(place)}: a comment starts with /* and never ends.`);
      }
      cut(end + 2, ` ${source.slice(at, end).replace(/[^\n]/g, '')}`);
    } else if ((hash && char === '#') || (char === '/' && source[at + 1] === '/')) {
      const end = source.indexOf('\n', at);
      cut(end < 0 ? source.length : end, '');
    } else at += 1;
  }
  pieces.push(source.slice(from));
  return pieces.join('');
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

/** `# 12 "kernel.S"`, as the C preprocessor leaves it: where the next line was written. */
const lineMarker = /^\s*#\s*(\d{1,9})\s+"((?:\\.|[^"\\])*)"/;

/** The lines of a text that no preprocessor is to see, block comments gone. */
export function sourceLines(source: string, file?: string): SourceLine[] {
  const lines = withoutComments(source.replaceAll('\r\n', '\n'), false, file).split('\n');
  let place = { file, line: 0 };
  return lines.flatMap((text) => {
    const marker = lineMarker.exec(text);
    place = marker
      ? { file: marker[2].replace(/\\(.)/g, '$1'), line: Number(marker[1]) - 1 }
      : { ...place, line: place.line + 1 };
    return marker ? [] : [{ place, text }];
  });
}

/** The statements of lines: comments from `#` on gone, `;` split. */
export function splitStatements(lines: readonly SourceLine[]): Statement[] {
  const statements: Statement[] = [];
  for (const { place, text } of lines) {
    const plain = text.includes('#') ? withoutComments(text, true) : text;
    for (const part of plain.includes(';') ? splitOutside(plain, ';') : [plain]) {
      const trimmed = part.trim();
      if (trimmed !== '') statements.push({ place, text: trimmed });
    }
  }
  return statements;
}
