/** The words of a translation's text: numbers, names (with one field behind them), signs. */

const WORD =
  /0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[$\w]+(?:\.\w+)?|>>>|===|!==|<=|>=|<<|>>|&&|\|\||\|=|&=|[-+*/%&|^~!?:;,.(){}[\]=<>]/gi;

export const scan = (text: string): string[] => text.match(WORD) ?? [];

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

export const isNumber = (word: string): boolean => isDigit(word.charCodeAt(0));

export function isName(word: string): boolean {
  const code = word.charCodeAt(0);
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 36 || code === 95;
}
