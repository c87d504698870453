/**
 * JSON Schema (draft 2020-12, the part that says what to write) as a grammar. The JSON has one form: no spaces, properties in the order
 * of the schema, no others than it lists, each character of a string written in one way. So nothing but the content is left to choose.
 */
import { FailureError } from '../errors.ts';
import {
  character,
  choice,
  type Expression,
  type Grammar,
  literal,
  optional,
  type Range,
  repeat,
  sequence,
} from './expression.ts';
import { integers } from './integers.ts';
import { parsePattern } from './pattern.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Schema = { [key: string]: Json };

const ANNOTATIONS = new Set(
  '$schema $id $comment $anchor title description default examples deprecated readOnly writeOnly format contentEncoding contentMediaType $defs definitions additionalProperties unevaluatedProperties'.split(
    ' ',
  ),
);
/** The keywords that each type looks at. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  null: [],
  boolean: [],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: [],
  string: ['pattern', 'minLength', 'maxLength'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  object: ['properties', 'required'],
};
const WHOLE = ['const', 'enum', 'anyOf', 'oneOf', '$ref'] as const;
const ANY = 'any JSON';
const EVERY_CHARACTER: readonly Range[] = [[0, 0x10ffff]];
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [12, '\\f'],
  [13, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/** A number without an exponent, of as many digits as a double holds. */
const NUMBER = sequence(
  integers(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)!,
  optional(sequence(literal('.'), repeat(character([[0x30, 0x39]]), 1, 16))),
);

/** A schema that is being read. */
interface Reading {
  readonly root: Json;
  /** Of the schema, for messages. */
  readonly name: string;
  readonly rules: Map<string, Expression>;
  /** References whose rules are being read. */
  readonly pending: Set<string>;
}

/** Reads a schema; `schema` is what JSON.parse gives. */
export function parseJsonSchema(schema: unknown, name = 'schema'): Grammar {
  const reading: Reading = { root: schema as Json, name, rules: new Map(), pending: new Set() };
  return { start: read(reading, schema as Json, '#'), rules: reading.rules };
}

const failure = ({ name }: Reading, path: string, message: string): FailureError =>
  new FailureError(`${name}, ${path}: ${message}`);

/** @param path where in the whole schema this one stands, as a reference */
function read(reading: Reading, schema: Json, path: string): Expression {
  if (schema === true) return anything(reading);
  if (schema === false) return choice();
  if (!isObject(schema)) throw failure(reading, path, 'a schema is an object, true or false');
  if (Object.keys(schema).every((key) => ANNOTATIONS.has(key))) return anything(reading);
  const whole = WHOLE.find((keyword) => keyword in schema);
  if (whole !== undefined) return readWhole(reading, schema, whole, path);
  const types = typesOf(reading, schema, path);
  const known = new Set(['type', ...types.flatMap((type) => KEYWORDS[type])]);
  const unknown = Object.keys(schema).find((key) => !known.has(key) && !ANNOTATIONS.has(key));
  if (unknown !== undefined)
    throw failure(reading, path, `"${unknown}" is not supported for type ${types.join(', ')}`);
  return choice(...types.map((type) => READERS[type](reading, schema, path)));
}

function anything({ rules }: Reading): Expression {
  if (!rules.has(ANY)) {
    const value: Expression = { kind: 'rule', name: ANY };
    const member = sequence(string(), literal(':'), value);
    rules.set(
      ANY,
      choice(literal('null'), BOOLEAN, NUMBER, string(), list('[', value, ']', 0), list('{', member, '}', 0)),
    );
  }
  return { kind: 'rule', name: ANY };
}

function typesOf(reading: Reading, schema: Schema, path: string): string[] {
  const { type } = schema;
  const inferred = Object.keys(KEYWORDS).filter((name) => KEYWORDS[name].some((key) => key in schema));
  const types = type === undefined ? inferred : Array.isArray(type) ? type : [type];
  if (types.length === 0)
    throw failure(reading, path, `"${Object.keys(schema)[0]}" is not supported; "type" is missing`);
  for (const one of types) {
    if (typeof one !== 'string' || !Object.hasOwn(KEYWORDS, one))
      throw failure(reading, path, `there is no type ${JSON.stringify(one)}`);
  }
  return types as string[];
}

/** A keyword that says all. */
function readWhole(
  reading: Reading,
  schema: Schema,
  keyword: (typeof WHOLE)[number],
  path: string,
): Expression {
  const beside = Object.keys(schema).find(
    (key) => key !== keyword && key !== 'type' && !ANNOTATIONS.has(key),
  );
  if (beside !== undefined)
    throw failure(reading, path, `"${beside}" beside "${keyword}" is not supported; write one of them`);
  const value = schema[keyword];
  if (keyword === 'const') return literal(JSON.stringify(value));
  if (keyword === '$ref') return readReference(reading, value, path);
  if (!Array.isArray(value) || value.length === 0)
    throw failure(reading, path, `"${keyword}" wants a list that is not empty`);
  if (keyword === 'enum') return choice(...value.map((one) => literal(JSON.stringify(one))));
  return choice(...value.map((one, i) => read(reading, one, `${path}/${keyword}/${i}`)));
}

function readReference(reading: Reading, reference: Json, path: string): Expression {
  const { root, rules, pending } = reading;
  if (typeof reference !== 'string' || !reference.startsWith('#')) {
    throw failure(reading, path, `the reference ${JSON.stringify(reference)} leads out of this schema`);
  }
  if (!rules.has(reference) && !pending.has(reference)) {
    let target: Json | undefined = root;
    for (const step of reference.slice(1).split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      target = isObject(target) || Array.isArray(target) ? (target as Schema)[key] : undefined;
    }
    if (target === undefined) throw failure(reading, path, `nothing stands at the reference ${reference}`);
    pending.add(reference);
    rules.set(reference, read(reading, target, reference));
  }
  return { kind: 'rule', name: reference };
}

function count(reading: Reading, schema: Schema, key: string, otherwise: number, path: string): number {
  const value = schema[key] ?? otherwise;
  if (value === otherwise || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number;
  throw failure(reading, path, `"${key}" wants a whole number from 0`);
}

function limit(reading: Reading, schema: Schema, key: string, otherwise: number, path: string): number {
  const value = schema[key] ?? otherwise;
  if (typeof value !== 'number' || (value !== otherwise && Math.abs(value) > Number.MAX_SAFE_INTEGER)) {
    throw failure(reading, path, `"${key}" wants a number of at most 2^53`);
  }
  return value;
}

type Reader = (reading: Reading, schema: Schema, path: string) => Expression;

const READERS: Readonly<Record<string, Reader>> = {
  null: () => literal('null'),
  boolean: () => BOOLEAN,
  number: () => NUMBER,
  integer(reading, schema, path) {
    const least = (key: string) => limit(reading, schema, key, Number.NEGATIVE_INFINITY, path);
    const most = (key: string) => limit(reading, schema, key, Number.POSITIVE_INFINITY, path);
    const found = integers(
      Math.max(Math.ceil(least('minimum')), Math.floor(least('exclusiveMinimum')) + 1),
      Math.min(Math.floor(most('maximum')), Math.ceil(most('exclusiveMaximum')) - 1),
    );
    if (found === undefined) throw failure(reading, path, 'there is no integer between its bounds');
    return found;
  },
  string(reading, schema, path) {
    const { pattern } = schema;
    const least = count(reading, schema, 'minLength', 0, path);
    const most = count(reading, schema, 'maxLength', Number.POSITIVE_INFINITY, path);
    if (pattern === undefined) return string(least, most);
    if (typeof pattern !== 'string') throw failure(reading, path, '"pattern" wants a text');
    if ('minLength' in schema || 'maxLength' in schema)
      throw failure(reading, path, 'a length beside "pattern" is not supported; let the pattern say it');
    return sequence(literal('"'), parsePattern(pattern, inString), literal('"'));
  },
  array(reading, schema, path) {
    const least = count(reading, schema, 'minItems', 0, path);
    const most = count(reading, schema, 'maxItems', Number.POSITIVE_INFINITY, path);
    if (most < least) throw failure(reading, path, '"maxItems" is less than "minItems"');
    const first = schema.prefixItems ?? [];
    if (!Array.isArray(first)) throw failure(reading, path, '"prefixItems" wants a list');
    const others = schema.items === false ? undefined : read(reading, schema.items ?? true, `${path}/items`);
    const items = first.map((item, i) => read(reading, item, `${path}/prefixItems/${i}`));
    return arrayOf(items, others, least, most, () =>
      failure(reading, path, '"minItems" asks for more items than are described'),
    );
  },
  object(reading, schema, path) {
    const { properties, required = [] } = schema;
    if (properties === undefined) {
      if (Array.isArray(required) && required.length > 0)
        throw failure(reading, path, '"required" names a property that "properties" does not describe');
      const value = schema.additionalProperties ?? true;
      if (value === false) return literal('{}');
      const text = read(reading, value, `${path}/additionalProperties`);
      return list('{', sequence(string(), literal(':'), text), '}', 0);
    }
    if (!isObject(properties) || !Array.isArray(required))
      throw failure(reading, path, '"properties" wants an object and "required" a list');
    const missing = required.find((key) => !Object.hasOwn(properties, String(key)));
    if (missing !== undefined) {
      const name = JSON.stringify(missing);
      throw failure(reading, path, `"required" names ${name}, which "properties" does not describe`);
    }
    const members = Object.entries(properties).map(([key, value]) => ({
      text: sequence(literal(`${JSON.stringify(key)}:`), read(reading, value, `${path}/properties/${key}`)),
      required: required.includes(key),
    }));
    return objectOf(members);
  },
};

const BOOLEAN = choice(literal('true'), literal('false'));

/** Any string of `least` to `most` characters. */
function string(least = 0, most = Number.POSITIVE_INFINITY): Expression {
  return sequence(literal('"'), repeat(inString(EVERY_CHARACTER), least, most), literal('"'));
}

/** One character of `ranges` as JSON writes it within quotes: as it is where that is allowed, else by its shortest escape. */
function inString(ranges: readonly Range[]): Expression {
  const plain: Range[] = [];
  const escaped: Expression[] = [];
  for (const [first, last] of ranges) {
    let next = first;
    for (const special of SPECIALS) {
      if (special < first || special > last) continue;
      if (special > next) plain.push([next, special - 1]);
      next = special + 1;
      escaped.push(literal(SHORT_ESCAPES.get(special) ?? `\\u${special.toString(16).padStart(4, '0')}`));
    }
    if (next <= last) plain.push([next, last]);
  }
  return plain.length === 0 ? choice(...escaped) : choice(character(plain), ...escaped);
}

const SPECIALS = [...Array(0x20).keys(), 0x22, 0x5c];

function list(
  open: string,
  item: Expression,
  close: string,
  least: number,
  most = Number.POSITIVE_INFINITY,
): Expression {
  if (most === 0) return literal(open + close);
  const items = sequence(item, repeat(sequence(literal(','), item), Math.max(0, least - 1), most - 1));
  return sequence(literal(open), least === 0 ? optional(items) : items, literal(close));
}

function arrayOf(
  first: readonly Expression[],
  others: Expression | undefined,
  least: number,
  most: number,
  tooFew: () => FailureError,
): Expression {
  if (first.length === 0 && others !== undefined) return list('[', others, ']', least, most);
  if (others === undefined && least > first.length) throw tooFew();
  // From the last item back: what may follow once `i` items stand there.
  let tail: Expression =
    others === undefined || most <= first.length
      ? literal('')
      : repeat(sequence(literal(','), others), Math.max(0, least - first.length), most - first.length);
  for (let i = Math.min(first.length, most) - 1; i >= 0; i--) {
    const item = sequence(...(i > 0 ? [literal(',')] : []), first[i], tail);
    tail = i < least ? item : optional(item);
  }
  return sequence(literal('['), tail, literal(']'));
}

/** Members in their order; a comma stands before each but the first that is there. */
function objectOf(members: readonly { text: Expression; required: boolean }[]): Expression {
  const firsts: Expression[] = [];
  for (let i = 0; i < members.length; i++) {
    const rest = members.slice(i + 1).map(({ text, required }) => {
      const member = sequence(literal(','), text);
      return required ? member : optional(member);
    });
    firsts.push(sequence(members[i].text, ...rest));
    if (members[i].required) break;
  }
  const all = choice(...firsts);
  const mayBeEmpty = members.every(({ required }) => !required);
  return sequence(
    literal('{'),
    members.length === 0 ? literal('') : mayBeEmpty ? optional(all) : all,
    literal('}'),
  );
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
