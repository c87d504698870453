/** The `pattern` of JSON Schema: ECMAScript's regular expressions as far as they are regular, between `^` and `$`. */
import {
  character,
  choice,
  type Expression,
  LAST_CODE_POINT,
  literal,
  type Range,
  repeat,
  sequence,
} from './expression.ts';
import { readHex, readRepetition, type Scanner, scan } from './scanner.ts';

const DIGIT: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACES: readonly Range[] = [
  [9, 13],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const CLASSES: Readonly<Record<string, readonly Range[]>> = { d: DIGIT, w: WORD, s: SPACES };
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, '0': 0 };
const LINE_ENDS: readonly Range[] = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];

/** What `source` matches as a whole; `write` gives each character as it stands in the output. */
export function parsePattern(source: string, write: (ranges: readonly Range[]) => Expression): Expression {
  const from = scan(source, `pattern ${JSON.stringify(source)}`);
  if (!source.startsWith('^') || !/(?:^|[^\\])(?:\\\\)*\$$/.test(source)) {
    throw from.fail('write ^ before it and $ behind it, so that it says what the whole text is');
  }
  from.take();
  const inner = readChoice(from, write);
  if (from.at !== source.length - 1) throw from.fail(`"${from.peek()}" is not expected here`);
  return inner;
}

type Writer = (ranges: readonly Range[]) => Expression;

function readChoice(from: Scanner, write: Writer): Expression {
  const parts = [readSequence(from, write)];
  while (from.skip('|')) parts.push(readSequence(from, write));
  return choice(...parts);
}

function readSequence(from: Scanner, write: Writer): Expression {
  const parts: Expression[] = [];
  while (!/^[|)$]?$/.test(from.peek())) {
    const part = readItem(from, write);
    const bounds = readRepetition(from);
    if (bounds !== undefined) from.skip('?'); // greedy or not: the same language
    parts.push(bounds === undefined ? part : repeat(part, ...bounds));
  }
  return parts.length === 0 ? literal('') : sequence(...parts);
}

function readItem(from: Scanner, write: Writer): Expression {
  if (from.skip('(')) {
    if (from.match(/\?(?:[=!]|<[=!])/y) !== undefined)
      throw from.fail('looking ahead or behind is not supported');
    from.match(/\?:|\?<[A-Za-z_$][\w$]*>/y);
    const inner = readChoice(from, write);
    if (!from.skip(')')) throw from.fail('the ) of a group is missing');
    return inner;
  }
  if (from.skip('[')) return write(readSet(from));
  if (from.skip('.')) return write(others(LINE_ENDS));
  if (from.peek() === '^') throw from.fail('^ may only stand at the beginning');
  if (/^[*+?{]$/.test(from.peek())) throw from.fail(`there is nothing that "${from.peek()}" could repeat`);
  return write(readCharacters(from, false));
}

function readSet(from: Scanner): readonly Range[] {
  const negated = from.skip('^');
  const ranges: Range[] = [];
  while (!from.skip(']')) {
    if (from.peek() === '') throw from.fail('the closing ] of a set of characters is missing');
    const first = readCharacters(from, true);
    if (from.peek() !== '-' || from.text[from.at + 1] === ']') {
      ranges.push(...first);
      continue;
    }
    from.take();
    const last = readCharacters(from, true);
    const [low, high] = [first[0][0], last[0][1]];
    if (first.length !== 1 || last.length !== 1 || high < low)
      throw from.fail('a range wants two characters in order');
    ranges.push([low, high]);
  }
  return negated ? others(ranges) : ranges;
}

/** One character, or the characters of a class like \d. */
function readCharacters(from: Scanner, inSet: boolean): readonly Range[] {
  const one = (codePoint: number): Range[] => [[codePoint, codePoint]];
  if (!from.skip('\\')) return one(from.take().codePointAt(0)!);
  const letter = from.take();
  if (letter in CLASSES) return CLASSES[letter];
  if (letter.toLowerCase() in CLASSES) return others(CLASSES[letter.toLowerCase()]);
  if (letter in CONTROLS) return one(CONTROLS[letter]);
  if (letter === 'x') return one(readHex(from, 2));
  if (letter === 'u') return one(readHex(from, 4));
  if (letter === 'b' && inSet) return one(8);
  if (/[A-Za-z1-9]/.test(letter)) throw from.fail(`\\${letter} is not supported`);
  return one(letter.codePointAt(0)!);
}

function others(ranges: readonly Range[]): readonly Range[] {
  const set = character(ranges, true);
  return set.kind === 'character' ? set.ranges : [[0, LAST_CODE_POINT]];
}
