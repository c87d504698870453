/** Which words are numbers and which are names, by their first character. */
import { expect, it } from 'vitest';
import { createReader, isName, isNumber } from './scan.ts';

const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

it('numbers begin with a digit, names with a letter, $ or _', () => {
  expect(characters.filter(isNumber).join('')).toBe('0123456789');
  expect(characters.filter(isName).join('')).toBe('$ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
});

it('a text is read word by word, and what is not expected is said with the words around', () => {
  const reader = createReader('$a1=Math.imul($b,0x1f)>>>2;');
  expect(reader.words).toEqual(['$a1', '=', 'Math.imul', '(', '$b', ',', '0x1f', ')', '>>>', '2', ';']);
  reader.expect('$a1');
  expect([reader.take('('), reader.take('='), reader.at]).toEqual([false, true, 2]);
  expect(() => reader.expect('(')).toThrow('no (: $a1 = Math.imul ( $b , 0x1f )');
});
