/** Directives that put data and padding into a section. */
import { UsageError } from '../../errors.ts';
import type { Expression } from '../expression.ts';
import {
  type AlignItem,
  append,
  type BytesItem,
  type LebItem,
  type SpaceItem,
  type WordsItem,
} from '../items.ts';
import { type Context, parse, parseNumber, splitArguments } from './context.ts';
import { parseString } from './expressions.ts';

export type Directive = (context: Context, text: string) => void;

const maximumCount = 16 * 1024 * 1024;

/** A number of things that is known here and not absurd. */
export function count(context: Context, text: string, what: string): number {
  const value = parseNumber(context, text);
  if (!Number.isInteger(value) || value < 0 || value > maximumCount) {
    throw new UsageError(`${what} of ${value} is not between 0 and ${maximumCount}.`);
  }
  return value;
}

/** `.` in a list means the place of that very element, so what is before it has to be there. */
const mentionsHere = /(^|[^\w.$])\.(?![\w.$])/;

function words(width: 1 | 2 | 4 | 8): Directive {
  return (context, text) => {
    let expressions: Expression[] = [];
    const flush = (): void => {
      if (expressions.length === 0) return;
      const item = { kind: 'words' as const, width, expressions, place: context.place };
      append<WordsItem>(context.program.current, item, width * expressions.length);
      expressions = [];
    };
    for (const part of splitArguments(text)) {
      if (mentionsHere.test(part)) flush();
      expressions.push(parse(context, part));
    }
    flush();
  };
}

const leb =
  (signed: boolean): Directive =>
  (context, text) => {
    for (const part of splitArguments(text)) {
      const item = { kind: 'leb' as const, signed, expression: parse(context, part), place: context.place };
      append<LebItem>(context.program.current, item, 1);
    }
  };

function appendBytes(context: Context, bytes: Uint8Array): void {
  append<BytesItem>(context.program.current, { kind: 'bytes', bytes, place: context.place }, bytes.length);
}

function strings(terminated: boolean): Directive {
  return (context, text) => {
    for (const part of splitArguments(text)) {
      const bytes = parseString(part);
      appendBytes(context, terminated ? Uint8Array.of(...bytes, 0) : bytes);
    }
  };
}

function floats(width: 4 | 8): Directive {
  return (context, text) => {
    for (const part of splitArguments(text)) {
      const value = Number(part.replace(/^0[fdrs]/i, ''));
      if (part === '' || Number.isNaN(value))
        throw new UsageError(`"${part}" is not a floating-point number.`);
      const bytes = new Uint8Array(width);
      const view = new DataView(bytes.buffer);
      if (width === 4) view.setFloat32(0, value, true);
      else view.setFloat64(0, value, true);
      appendBytes(context, bytes);
    }
  };
}

export function align(power: boolean): Directive {
  return (context, text) => {
    const [amount, fill = '', limit = ''] = splitArguments(text);
    const given = count(context, amount ?? '0', 'an alignment');
    if (power && given > 24) throw new UsageError(`an alignment of 2^${given} is too large.`);
    const boundary = power ? 2 ** given : Math.max(given, 1);
    if ((boundary & (boundary - 1)) !== 0)
      throw new UsageError(`an alignment of ${boundary} is not a power of two.`);
    const section = context.program.current;
    section.align = Math.max(section.align, boundary);
    append<AlignItem>(section, {
      kind: 'align',
      boundary,
      ...(fill === '' ? {} : { fill: parseNumber(context, fill) & 255 }),
      ...(limit === '' ? {} : { limit: parseNumber(context, limit) }),
      place: context.place,
    });
  };
}

export function space(size: Expression, fill: number, context: Context, to = false): void {
  append<SpaceItem>(
    context.program.current,
    { kind: 'space', count: size, to, fill: fill & 255, place: context.place },
    typeof size === 'number' && !to ? Math.max(0, size) : 0,
  );
}

const skip: Directive = (context, text) => {
  const [size, fill = '0'] = splitArguments(text);
  if (size === undefined) throw new UsageError('how many bytes?');
  space(parse(context, size), parseNumber(context, fill), context);
};

export const org: Directive = (context, text) => {
  const [to, fill = '0'] = splitArguments(text);
  if (to === undefined) throw new UsageError('.org wants an offset.');
  space(parse(context, to), parseNumber(context, fill), context, true);
};

const fill: Directive = (context, text) => {
  const [repeat, size = '1', value = '0'] = splitArguments(text);
  const times = count(context, repeat ?? '', 'a repetition');
  const width = Math.min(count(context, size, 'a size'), 8);
  if (times * width > maximumCount) throw new UsageError(`.fill of ${times * width} bytes is too large.`);
  const number = parseNumber(context, value);
  const unit = new Uint8Array(8);
  new DataView(unit.buffer).setUint32(0, number >>> 0, true);
  const bytes = new Uint8Array(times * width);
  for (let at = 0; at < bytes.length; at++) bytes[at] = unit[at % width];
  appendBytes(context, bytes);
};

export const dataDirectives: Readonly<Record<string, Directive>> = {
  '.byte': words(1),
  '.1byte': words(1),
  '.short': words(2),
  '.hword': words(2),
  '.half': words(2),
  '.2byte': words(2),
  '.word': words(4),
  '.long': words(4),
  '.int': words(4),
  '.4byte': words(4),
  '.quad': words(8),
  '.8byte': words(8),
  '.uleb128': leb(false),
  '.sleb128': leb(true),
  '.float': floats(4),
  '.single': floats(4),
  '.double': floats(8),
  '.ascii': strings(false),
  '.asciz': strings(true),
  '.string': strings(true),
  '.space': skip,
  '.skip': skip,
  '.zero': skip,
  '.org': org,
  '.fill': fill,
  '.align': align(false),
  '.balign': align(false),
  '.p2align': align(true),
};
