/** What the readers of grammars and patterns share: a text, a place in it, and errors that say where. */
import { FailureError } from '../errors.ts';

export interface Scanner {
  readonly text: string;
  /** UTF-16 units read so far. */
  at: number;
  /** What comes next, as one character; '' at the end. */
  peek(): string;
  /** Takes one character. */
  take(): string;
  /** Takes `expected` if it comes next. */
  skip(expected: string): boolean;
  /** Takes what matches; `pattern` must be sticky. */
  match(pattern: RegExp): string | undefined;
  fail(message: string): FailureError;
}

export function scan(text: string, what: string): Scanner {
  return {
    text,
    at: 0,
    peek() {
      const codePoint = text.codePointAt(this.at);
      return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
    },
    take() {
      const next = this.peek();
      if (next === '') throw this.fail('it ends too early');
      this.at += next.length;
      return next;
    },
    skip(expected) {
      if (!text.startsWith(expected, this.at)) return false;
      this.at += expected.length;
      return true;
    },
    match(pattern) {
      pattern.lastIndex = this.at;
      const found = pattern.exec(text)?.[0];
      if (found !== undefined) this.at += found.length;
      return found;
    },
    fail(message) {
      const before = text.slice(0, this.at).split('\n');
      return new FailureError(
        `${what}, line ${before.length}, column ${before.at(-1)!.length + 1}: ${message}`,
      );
    },
  };
}

/** The bounds of `{m}`, `{m,}` and `{m,n}`, of `*`, `+` and `?`, if one of them comes next. */
export function readRepetition(from: Scanner): [least: number, most: number] | undefined {
  if (from.skip('*')) return [0, Number.POSITIVE_INFINITY];
  if (from.skip('+')) return [1, Number.POSITIVE_INFINITY];
  if (from.skip('?')) return [0, 1];
  const braces = from.match(/\{\s*\d+\s*(,\s*\d*\s*)?\}/y);
  if (braces === undefined) return undefined;
  const [least, most] = braces.slice(1, -1).split(',');
  const bounds: [number, number] = [
    Number(least),
    most === undefined ? Number(least) : most.trim() === '' ? Number.POSITIVE_INFINITY : Number(most),
  ];
  if (bounds[1] < bounds[0]) throw from.fail(`${braces} asks for at most fewer than at least`);
  return bounds;
}

/** The code point of `digits` hexadecimal digits. */
export function readHex(from: Scanner, digits: number): number {
  const found = from.match(/[0-9a-fA-F]*/y)!.slice(0, digits);
  const value = Number.parseInt(found, 16);
  if (found.length < digits || value > 0x10ffff)
    throw from.fail(`an escape wants ${digits} hexadecimal digits of a character`);
  return value;
}
