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

/** Reads a schema; `schema` is what JSON.parse gives. */
export function parseJsonSchema(schema: unknown, name = 'schema'): Grammar {
  const rules = new Map<string, Expression>();
  const read = reader(schema as Json, name, rules);
  return { start: read(schema as Json, '#'), rules };
}

function reader(
  root: Json,
  name: string,
  rules: Map<string, Expression>,
): (schema: Json, path: string) => Expression {
  const fail = (path: string, message: string): FailureError =>
    new FailureError(`${name}, ${path}: ${message}`);
  const pending = new Set<string>();

  const read = (schema: Json, path: string): Expression => {
    if (schema === true) return anything();
    if (schema === false) return choice();
    if (!isObject(schema)) throw fail(path, 'a schema is an object, true or false');
    if (Object.keys(schema).every((key) => ANNOTATIONS.has(key))) return anything();
    const whole = WHOLE.find((keyword) => keyword in schema);
    if (whole !== undefined) {
      const beside = Object.keys(schema).find(
        (key) => key !== whole && key !== 'type' && !ANNOTATIONS.has(key),
      );
      if (beside !== undefined)
        throw fail(path, `"${beside}" beside "${whole}" is not supported; write one of them`);
      return readWhole(schema, whole, path);
    }
    const types = typesOf(schema, path);
    const known = new Set(['type', ...types.flatMap((type) => KEYWORDS[type])]);
    const unknown = Object.keys(schema).find((key) => !known.has(key) && !ANNOTATIONS.has(key));
    if (unknown !== undefined) throw fail(path, `"${unknown}" is not supported for type ${types.join(', ')}`);
    return choice(...types.map((type) => readers[type](schema, path)));
  };

  const anything = (): Expression => {
    if (!rules.has(ANY)) {
      const value: Expression = { kind: 'rule', name: ANY };
      const member = sequence(string(), literal(':'), value);
      rules.set(
        ANY,
        choice(
          literal('null'),
          BOOLEAN,
          NUMBER,
          string(),
          list('[', value, ']', 0),
          list('{', member, '}', 0),
        ),
      );
    }
    return { kind: 'rule', name: ANY };
  };

  const typesOf = (schema: Schema, path: string): string[] => {
    const { type } = schema;
    const inferred = Object.keys(KEYWORDS).filter((name) => KEYWORDS[name].some((key) => key in schema));
    const types = type === undefined ? inferred : Array.isArray(type) ? type : [type];
    if (types.length === 0)
      throw fail(path, `"${Object.keys(schema)[0]}" is not supported; "type" is missing`);
    for (const one of types) {
      if (typeof one !== 'string' || !Object.hasOwn(KEYWORDS, one))
        throw fail(path, `there is no type ${JSON.stringify(one)}`);
    }
    return types as string[];
  };

  const readWhole = (schema: Schema, keyword: (typeof WHOLE)[number], path: string): Expression => {
    const value = schema[keyword];
    if (keyword === 'const') return literal(JSON.stringify(value));
    if (keyword === '$ref') return readReference(value, path);
    if (!Array.isArray(value) || value.length === 0)
      throw fail(path, `"${keyword}" wants a list that is not empty`);
    if (keyword === 'enum') return choice(...value.map((one) => literal(JSON.stringify(one))));
    return choice(...value.map((one, i) => read(one, `${path}/${keyword}/${i}`)));
  };

  const readReference = (reference: Json, path: string): Expression => {
    if (typeof reference !== 'string' || !reference.startsWith('#')) {
      throw fail(path, `the reference ${JSON.stringify(reference)} leads out of this schema`);
    }
    if (!rules.has(reference) && !pending.has(reference)) {
      let target: Json | undefined = root;
      for (const step of reference.slice(1).split('/').slice(1)) {
        const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
        target = isObject(target) || Array.isArray(target) ? (target as Schema)[key] : undefined;
      }
      if (target === undefined) throw fail(path, `nothing stands at the reference ${reference}`);
      pending.add(reference);
      rules.set(reference, read(target, reference));
    }
    return { kind: 'rule', name: reference };
  };

  const count = (schema: Schema, key: string, otherwise: number, path: string): number => {
    const value = schema[key] ?? otherwise;
    if (value === otherwise || (Number.isSafeInteger(value) && (value as number) >= 0))
      return value as number;
    throw fail(path, `"${key}" wants a whole number from 0`);
  };

  const readers: Readonly<Record<string, (schema: Schema, path: string) => Expression>> = {
    null: () => literal('null'),
    boolean: () => BOOLEAN,
    number: () => NUMBER,
    integer(schema, path) {
      const limit = (key: string, otherwise: number): number => {
        const value = schema[key] ?? otherwise;
        if (typeof value !== 'number' || (value !== otherwise && Math.abs(value) > Number.MAX_SAFE_INTEGER)) {
          throw fail(path, `"${key}" wants a number of at most 2^53`);
        }
        return value;
      };
      const least = Math.max(
        Math.ceil(limit('minimum', Number.NEGATIVE_INFINITY)),
        Math.floor(limit('exclusiveMinimum', Number.NEGATIVE_INFINITY)) + 1,
      );
      const most = Math.min(
        Math.floor(limit('maximum', Number.POSITIVE_INFINITY)),
        Math.ceil(limit('exclusiveMaximum', Number.POSITIVE_INFINITY)) - 1,
      );
      const found = integers(least, most);
      if (found === undefined) throw fail(path, 'there is no integer between its bounds');
      return found;
    },
    string(schema, path) {
      const { pattern } = schema;
      const least = count(schema, 'minLength', 0, path);
      const most = count(schema, 'maxLength', Number.POSITIVE_INFINITY, path);
      if (pattern === undefined) return string(least, most);
      if (typeof pattern !== 'string') throw fail(path, '"pattern" wants a text');
      if ('minLength' in schema || 'maxLength' in schema)
        throw fail(path, 'a length beside "pattern" is not supported; let the pattern say it');
      return sequence(literal('"'), parsePattern(pattern, inString), literal('"'));
    },
    array(schema, path) {
      const least = count(schema, 'minItems', 0, path);
      const most = count(schema, 'maxItems', Number.POSITIVE_INFINITY, path);
      if (most < least) throw fail(path, '"maxItems" is less than "minItems"');
      const first = schema.prefixItems ?? [];
      if (!Array.isArray(first)) throw fail(path, '"prefixItems" wants a list');
      const others = schema.items === false ? undefined : read(schema.items ?? true, `${path}/items`);
      const items = first.map((item, i) => read(item, `${path}/prefixItems/${i}`));
      return arrayOf(items, others, least, most, () =>
        fail(path, '"minItems" asks for more items than are described'),
      );
    },
    object(schema, path) {
      const { properties, required = [] } = schema;
      if (properties === undefined) {
        if (Array.isArray(required) && required.length > 0)
          throw fail(path, '"required" names a property that "properties" does not describe');
        const value = schema.additionalProperties ?? true;
        return value === false
          ? literal('{}')
          : list('{', sequence(string(), literal(':'), read(value, `${path}/additionalProperties`)), '}', 0);
      }
      if (!isObject(properties) || !Array.isArray(required))
        throw fail(path, '"properties" wants an object and "required" a list');
      const missing = required.find((key) => !Object.hasOwn(properties, String(key)));
      if (missing !== undefined)
        throw fail(path, `"required" names ${JSON.stringify(missing)}, which "properties" does not describe`);
      const members = Object.entries(properties).map(([key, value]) => ({
        text: sequence(literal(`${JSON.stringify(key)}:`), read(value, `${path}/properties/${key}`)),
        required: required.includes(key),
      }));
      return objectOf(members);
    },
  };
  return read;
}

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
