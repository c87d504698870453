import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accepts,
  type ByteAutomaton,
  compileAutomaton,
  compileTokens,
  parseGbnf,
  parseGrammar,
  parseJsonSchema,
  type TokenAutomaton,
} from './index.ts';
import { loadXgrammar, shippedTokenizer } from './testing.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A text that `automaton` allows; `choose(n)` picks one of n ways. */
function spell(
  { states, start }: TokenAutomaton,
  budget: number,
  choose: (ways: number) => number,
): number[] {
  const tokens: number[] = [];
  for (let state = states[start]; ; ) {
    const left = budget - tokens.length;
    if (state.accepting && (left <= 0 || state.tokens.length === 0 || choose(4) === 0)) return tokens;
    const ways = [...state.tokens.keys()].filter(
      (i) => states[state.next[i]].distance < Math.max(left, state.distance),
    );
    const way = ways[choose(ways.length)];
    tokens.push(state.tokens[way]);
    state = states[state.next[way]];
  }
}

const tokenizer = shippedTokenizer();
const textOf = (tokens: readonly number[]): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(
    Uint8Array.from(tokens.flatMap((token) => [...tokenizer.decode(-1, token)])),
  );
const randomWays = fc.infiniteStream(fc.nat({ max: 0x7fffffff }));
const chooser = (ways: IterableIterator<number>) => (count: number) => (ways.next().value as number) % count;

describe('GBNF', () => {
  it.each([
    ['root ::= "yes" | "no"', ['yes', 'no'], ['', 'y', 'yesno']],
    ['root ::= [a-c]+ # letters\n', ['a', 'cab'], ['', 'd']],
    ['root ::= "a"{2,3} b?\nb ::=\n  "x"\n  | "y"', ['aa', 'aaa', 'aay'], ['a', 'aaaa', 'aaxx']],
    ['root ::= [^"\\\\\\x00-\\x1F] "\\u00e9"', ['aé', '€é'], ['"é', '\né', 'ae']],
    ['root ::= list\nlist ::= "x" ("," list)?', ['x', 'x,x,x,x,x,x,x,x'], ['x,', ',x']],
    ['root ::= (\n"a"\n|\n. )', ['a', '€'], ['ab', '']],
    ['root ::= "[" root "]" | ""', ['', '[]', '[[[]]]'], ['[[[[]]]]', '[']],
  ])('%j', (grammar, right, wrong) => {
    const automaton = compileAutomaton(parseGbnf(grammar));
    expect(right.filter((text) => !accepts(automaton, bytes(text)))).toEqual([]);
    expect(wrong.filter((text) => accepts(automaton, bytes(text)))).toEqual([]);
  });

  it('says where nesting was cut, and where tail calls are loops does not', () => {
    expect([...compileAutomaton(parseGbnf('root ::= "[" root "]" | ""')).cut]).toEqual(['root']);
    expect([...compileAutomaton(parseGbnf('root ::= "x" root | "y"')).cut]).toEqual([]);
  });

  it.each([
    ['a ::= "x"', 'has no rule "root"'],
    ['root ::= b', 'uses "b", which is not defined'],
    ['root ::= "x', 'line 1, column 12: the closing quote of a literal is missing'],
    ['root ::= [a', 'the closing ] of a set of characters is missing'],
    ['root ::= ("x"', 'the ) of a group is missing'],
    ['root ::= "x")', 'there is a ) without its ('],
    ['root ::= "x"\nroot ::= "y"', 'line 2, column 9: the rule "root" is already defined'],
    ['root = "x"', '::= is missing'],
    ['root ::= "\\q"', '\\q is no escape'],
    ['root ::= "x"{3,1}', 'at most fewer than at least'],
    ['root ::= "x" root', 'matches no text at all'],
  ])('%j is refused', (grammar, message) => {
    expect(() => compileAutomaton(parseGbnf(grammar))).toThrow(message);
  });

  it('takes what XGrammar takes, and nothing else', async () => {
    // Sets with several characters beyond ASCII are left out: XGrammar 0.1.27 takes no character of [é-ö] or [é€].
    const { Grammar: Oracle, Testings } = await loadXgrammar();
    const item = fc.letrec((tie) => ({
      expression: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('"a"', '"b"', '"ab"', '"é"', '[a-b]', '[^a]', '[é]', 'x', 'y'),
        fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `${a} ${b}`),
        fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} | ${b})`),
        fc
          .tuple(tie('expression'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}'))
          .map(([a, b]) => `(${a})${b}`),
      ),
    })).expression as fc.Arbitrary<string>;
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'z', '€'), maxLength: 6 }), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(item, texts, async (expression, guesses) => {
        const grammar = `root ::= ${expression}\nx ::= "b" | "za"\ny ::= x "é"?\n`;
        const automaton = compileAutomaton(parseGbnf(grammar));
        const oracle = await Oracle.fromEBNF(grammar);
        for (const text of [...guesses, ...someTexts(automaton)]) {
          const right = await Testings.isGrammarAcceptString(oracle, text);
          expect([text, accepts(automaton, bytes(text))]).toEqual([text, right]);
        }
        oracle.dispose();
      }),
      { numRuns: 60 },
    );
  });
});

/** A few texts that the automaton takes: the shortest ways through it that are UTF-8. */
function someTexts({ next, accepting, start }: ByteAutomaton): string[] {
  const texts: string[] = [];
  const queue: [state: number, text: number[]][] = [[start, []]];
  for (let i = 0; i < Math.min(queue.length, 400) && texts.length < 6; i++) {
    const [state, text] = queue[i];
    if (accepting[state]) texts.push(new TextDecoder().decode(Uint8Array.from(text)));
    for (let byte = 0, last = -1; byte < 256 && text.length < 8; byte++) {
      const to = next[256 * state + byte];
      if (to >= 0 && to !== last) queue.push([to, [...text, byte]]);
      last = to;
    }
  }
  return texts.filter((text) => !text.includes('\ufffd') && !text.includes('\0'));
}

describe('JSON Schema', () => {
  const ajv = new Ajv2020({ strict: false });
  const names = fc.constantFrom('a', 'level', 'näme', 'x"y');
  const schemas = fc.letrec((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<object>(
        { type: 'null' },
        { type: 'boolean' },
        { type: ['integer', 'null'] },
        { type: 'number' },
      ),
      fc.record({
        enum: fc.array(fc.oneof(names, fc.integer(), fc.boolean()), { minLength: 1, maxLength: 4 }),
      }),
      fc
        .tuple(fc.integer({ min: -2000, max: 2000 }), fc.nat({ max: 3000 }))
        .map(([low, span]) => ({ type: 'integer', minimum: low, maximum: low + span })),
      fc
        .tuple(
          fc.integer({ min: -300, max: 300 }),
          fc.constantFrom('minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum'),
        )
        .map(([limit, key]) => ({ type: 'integer', [key]: limit })),
      fc
        .tuple(fc.nat({ max: 3 }), fc.nat({ max: 4 }))
        .map(([least, span]) => ({ type: 'string', minLength: least, maxLength: least + span })),
      fc
        .constantFrom('^[a-z]{1,4}$', '^(?:on|off)$', '^\\d{2}:\\d{2}$', '^["\\\\/]+$', '^[^a-y\\s]?x*$')
        .map((pattern) => ({ type: 'string', pattern })),
      fc
        .tuple(tie('schema'), fc.nat({ max: 2 }), fc.nat({ max: 2 }))
        .map(([items, least, span]) => ({ type: 'array', items, minItems: least, maxItems: least + span })),
      fc
        .tuple(fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), fc.boolean())
        .map(([prefixItems, more]) => ({
          type: 'array',
          prefixItems,
          ...(more ? { items: { type: 'boolean' }, maxItems: 3 } : { items: false }),
        })),
      fc
        .tuple(
          fc.uniqueArray(fc.tuple(names, tie('schema'), fc.boolean()), {
            selector: ([name]) => name,
            maxLength: 3,
          }),
        )
        .map(([members]) => ({
          type: 'object',
          properties: Object.fromEntries(members.map(([name, schema]) => [name, schema])),
          required: members.filter(([, , required]) => required).map(([name]) => name),
          additionalProperties: false,
        })),
      fc.tuple(tie('schema'), tie('schema')).map((anyOf) => ({ anyOf })),
    ),
  })).schema as fc.Arbitrary<object>;

  it('gives texts that parse and that Ajv finds valid, whichever way the model goes', () => {
    fc.assert(
      fc.property(schemas, fc.array(randomWays, { minLength: 5, maxLength: 5 }), (schema, streams) => {
        const automaton = compileTokens(compileAutomaton(parseJsonSchema(schema)), tokenizer);
        const valid = ajv.compile(schema);
        for (const stream of streams) {
          const text = textOf(spell(automaton, 40, chooser(stream)));
          expect([text, valid(JSON.parse(text))]).toEqual([text, true]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes the valid values that JSON.stringify writes in its order', () => {
    const schema = {
      type: 'object',
      properties: {
        on: { type: 'boolean' },
        level: { type: 'integer', minimum: 0, maximum: 100 },
        area: { $ref: '#/$defs/area' },
      },
      required: ['level'],
      $defs: { area: { enum: ['kitchen', 'hall'] } },
    };
    const automaton = compileAutomaton(parseJsonSchema(schema));
    for (const on of [undefined, true]) {
      for (const area of [undefined, 'hall', 'attic']) {
        for (const level of [-1, 0, 9, 100, 101]) {
          const right = level >= 0 && level <= 100 && area !== 'attic';
          expect(accepts(automaton, bytes(JSON.stringify({ on, level, area })))).toBe(right);
        }
      }
    }
  });

  it.each<[object, string]>([
    [{ type: 'string', pattern: 'abc' }, 'write ^ before it and $ behind it'],
    [{ type: 'string', pattern: '^(?=a)b$' }, 'looking ahead or behind is not supported'],
    [{ type: 'number', multipleOf: 2 }, '#: "multipleOf" is not supported for type number'],
    [{ type: 'object', properties: { a: { type: 'flag' } } }, '#/properties/a: there is no type "flag"'],
    [{ type: 'integer', minimum: 5, maximum: 4 }, 'there is no integer between its bounds'],
    [{ $ref: 'other.json' }, 'leads out of this schema'],
    [{ $ref: '#/$defs/x' }, 'nothing stands at the reference'],
    [{ not: {} }, '"not" is not supported; "type" is missing'],
    [{ enum: [1], minimum: 2 }, '"minimum" beside "enum"'],
  ])('%j is refused', (schema, message) => {
    expect(() => parseJsonSchema(schema)).toThrow(message);
  });

  it('nests any JSON three deep, and says so', () => {
    const automaton = compileAutomaton(parseJsonSchema(true));
    expect(accepts(automaton, bytes('[{"a":[1,-2.5,"x\\n"]},{}]'))).toBe(true);
    expect([...automaton.cut]).toEqual(['any JSON']);
  });
});

describe('tokens', () => {
  const compile = (text: string): TokenAutomaton =>
    compileTokens(compileAutomaton(parseGrammar(text)), tokenizer);

  it('spell exactly the answers of a list', () => {
    const answers = ['Yes', 'Yes, please', 'no', 'ünknown €'];
    const automaton = compile(JSON.stringify(answers));
    const seen = new Set<string>();
    fc.assert(
      fc.property(randomWays, (ways) => {
        const text = textOf(spell(automaton, 40, chooser(ways)));
        seen.add(text);
        expect(answers).toContain(text);
      }),
    );
    expect([...seen].sort()).toEqual([...answers].sort());
  });

  it('leave no choice where one text is left, and cut it as the tokenizer does', () => {
    const sure = 'Once upon a time there was a little girl.';
    const tokens = spell(compile(JSON.stringify([sure])), 100, (ways) => {
      expect(ways).toBe(1);
      return 0;
    });
    expect(textOf(tokens)).toBe(sure);
    // The tokenizer puts a space before a text; behind the mark there is none.
    expect(tokens).toEqual(tokenizer.encode(`\x01${sure}`, { bos: false }).slice(-tokens.length));
  });

  it('say how far the end is', () => {
    const { states, start } = compile('root ::= "\\x01\\x02\\x03" | "\\x01"');
    expect([states[start].distance, states[states[start].next[0]].accepting]).toEqual([1, true]);
  });

  it('refuse a vocabulary that cannot write it', () => {
    const bare = shippedTokenizer((piece) => piece !== '<0x01>');
    expect(() => compileTokens(compileAutomaton(parseGbnf('root ::= "\\x01"')), bare)).toThrow(
      'has no pieces to write',
    );
  });

  it('a file of JSON that is none says so', () => {
    expect(() => parseGrammar('{"type": ', 'home.json')).toThrow('home.json: begins like JSON, and is none');
    expect(() => parseGrammar('[]', 'home.json')).toThrow('a list of answers holds texts');
  });
});
