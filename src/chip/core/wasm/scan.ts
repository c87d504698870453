/** The words of a translation's text: numbers, names (with one field behind them), signs. */

const WORD =
  /0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[$\w]+(?:\.\w+)?|>>>|===|!==|<=|>=|<<|>>|&&|\|\||\|=|&=|[-+*/%&|^~!?:;,.(){}[\]=<>]/gi;

const scan = (text: string): string[] => text.match(WORD) ?? [];

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

export const isNumber = (word: string): boolean => isDigit(word.charCodeAt(0));

export function isName(word: string): boolean {
  const code = word.charCodeAt(0);
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 36 || code === 95;
}

/** A text's words, and where one is reading. */
export interface Reader {
  readonly words: readonly string[];
  at: number;
  /** @throws Error with the words around */
  fail(why: string): never;
  expect(word: string): void;
  /** Goes past a word, if it is the next. */
  take(word: string): boolean;
}

export function createReader(text: string): Reader {
  const words = scan(text);
  const reader: Reader = {
    words,
    at: 0,
    fail(why) {
      throw new Error(`${why}: ${words.slice(Math.max(0, reader.at - 12), reader.at + 6).join(' ')}`);
    },
    expect(word) {
      if (words[reader.at] !== word) reader.fail(`no ${word}`);
      reader.at++;
    },
    take(word) {
      if (words[reader.at] !== word) return false;
      reader.at++;
      return true;
    },
  };
  return reader;
}
