/** Where arguments and results travel: the Xtensa ABI's rules, which code of other compilers keeps, too. */
import { expect, it } from 'vitest';
import { placeArguments, placeResults } from './abi.ts';

/** Registers as numbers, places on the stack as `+bytes`. */
const places = ({ words, stackBytes }: ReturnType<typeof placeArguments>) =>
  [...words.map((word) => ('reg' in word ? `a${word.reg}` : `+${word.stack}`)), `${stackBytes}`].join(' ');
const types = (text: string) => [...text] as ('i' | 'f' | 'l')[];

it.each([
  ['', '0'],
  ['iii', 'a2 a3 a4 0'],
  ['ifi', 'a2 a3 a4 0'],
  ['lll', 'a2 a3 a4 a5 a6 a7 0'],
  ['il', 'a2 a4 a5 0'],
  ['ilili', 'a2 a4 a5 a6 +0 +4 +8 12'],
  ['iiiiiii', 'a2 a3 a4 a5 a6 a7 +0 4'],
  ['iiiiil', 'a2 a3 a4 a5 a6 +0 +4 8'],
  ['iiiiiiil', 'a2 a3 a4 a5 a6 a7 +0 +8 +12 16'],
])('arguments %s: %s', (text, wanted) => {
  expect(places(placeArguments(types(text)))).toBe(wanted);
});

it.each([
  ['l', 'a2 a3 0'],
  ['ll', 'a2 a3 a4 a5 0'],
  ['iil', 'a2 a3 a4 a5 0'],
  ['iiil', 'a2 a3 a4 +0 +4 8'],
  ['iiiii', 'a2 a3 a4 a5 +0 4'],
])('results %s: %s', (text, wanted) => {
  expect(places(placeResults(types(text)))).toBe(wanted);
});
