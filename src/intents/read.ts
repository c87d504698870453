/** A home from YAML: what Home Assistant's users write (OHF-Voice/intents), and `names:` of one's own. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { UsageError } from '../errors.ts';
import { textsOf } from './expand.ts';
import type { Block, Home, Intent, ListValue, PinRule, Scope, Sentence, SlotList, Value } from './home.ts';
import { pinRule } from './pin-rules.ts';
import { parseTemplate, references, type Template } from './template.ts';

export interface HomeSource {
  /** What messages call it: its path. */
  name: string;
  text: string;
}

/** What concerns answers and devices elsewhere; it is read over. */
const READ_OVER = new Set(
  'example response responses name_domains requires_context excludes_context speech_to_phrase metadata settings required_keywords description name context_area errors'.split(
    ' ',
  ),
);
const LARGEST_RANGE = 1000;

/**
 * Reads the files of one home; what stands in several of them belongs together.
 * @throws UsageError with file and line of what is wrong
 */
export function readHome(sources: readonly HomeSource[]): Home {
  const home = {
    language: '',
    lists: new Map<string, SlotList>(),
    rules: new Map<string, Template>(),
    intents: new Map<string, Block[]>(),
    names: new Set<string>(),
    skipWords: [] as string[],
    pins: [] as PinRule[],
  };
  for (const source of sources) readSource(source, home);
  const intents = [...home.intents].map(([name, blocks]): Intent => ({ name, blocks }));
  const result = { ...home, language: home.language || 'en', intents };
  for (const { blocks } of intents) for (const block of blocks) checkReferences(block, result);
  return result;
}

interface Unfinished {
  language: string;
  lists: Map<string, SlotList>;
  rules: Map<string, Template>;
  intents: Map<string, Block[]>;
  names: Set<string>;
  skipWords: string[];
  pins: PinRule[];
}

function readSource({ name, text }: HomeSource, home: Unfinished): void {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new UsageError(
      `${name}, line ${error.linePos?.[0].line ?? 1}: no YAML (${error.message.split('\n')[0].replace(/:$/, '')})`,
    );
  }
  const from = reader(name, lines);
  const root = from.map(document.contents as Node | null, 'a home');
  for (const { key, value, where } of from.entries(root)) {
    switch (key) {
      case 'language':
        home.language = String(from.scalar(value, where, 'a language such as en'));
        break;
      case 'lists':
        from.lists(value, where, home.lists);
        break;
      case 'names':
        for (const list of from.lists(value, where, home.lists)) home.names.add(list);
        break;
      case 'pins':
        home.pins.push(...from.pins(value, where));
        break;
      case 'skip_words':
        home.skipWords.push(...from.texts(value, where));
        break;
      case 'expansion_rules':
        from.rules(value, where, home.rules);
        break;
      case 'intents':
        for (const intent of from.entries(from.map(value, where))) {
          const blocks = home.intents.get(intent.key) ?? [];
          home.intents.set(intent.key, [...blocks, ...from.blocks(intent.value, intent.where)]);
        }
        break;
      default:
        if (!READ_OVER.has(key)) {
          throw new UsageError(
            `${where}: there is no "${key}" here; a home has language, names, lists, expansion_rules, intents, pins`,
          );
        }
    }
  }
}

type Entry = { key: string; value: Node | null; where: string };

function reader(file: string, lines: LineCounter) {
  const place = (node: Node | null | undefined): string =>
    `${file}, line ${node?.range ? lines.linePos(node.range[0]).line : 1}`;

  const map = (node: Node | null, what: string): YAMLMap => {
    if (isMap(node)) return node;
    throw new UsageError(`${place(node)}: ${what} wants "name: ..." lines`);
  };
  const entries = (node: YAMLMap): Entry[] =>
    node.items.map(({ key, value }) => ({
      key: String(isScalar(key) ? key.value : key),
      value: value as Node | null,
      where: place(key as Node),
    }));
  const sequence = (node: Node | null, where: string, what: string): Node[] => {
    if (isSeq(node)) return node.items as Node[];
    throw new UsageError(`${where}: ${what} wants a list, each line with a - before it`);
  };
  const scalar = (node: Node | null, where: string, what: string): Value => {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    throw new UsageError(`${where}: ${what} is wanted here`);
  };
  const number = (found: ReadonlyMap<string, Entry>, key: string, otherwise: number): number => {
    const entry = found.get(key);
    if (entry === undefined) return otherwise;
    const value = scalar(entry.value, entry.where, 'a number');
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new UsageError(`${entry.where}: "${key}" wants a number`);
  };

  const range = (node: Node | null, where: string): SlotList => {
    const found = new Map(entries(map(node, 'a range')).map((entry) => [entry.key, entry]));
    if (!found.has('from') || !found.has('to'))
      throw new UsageError(`${where}: a range wants "from" and "to"`);
    const step = found.has('fractions') ? 0.5 : number(found, 'step', 1);
    const list = {
      kind: 'range' as const,
      from: number(found, 'from', 0),
      to: number(found, 'to', 0),
      step,
      factor: number(found, 'multiplier', 1),
    };
    if (!(step > 0) || list.to < list.from || (list.to - list.from) / step >= LARGEST_RANGE) {
      throw new UsageError(
        `${where}: a range goes up from "from" to "to", in at most ${LARGEST_RANGE} steps`,
      );
    }
    return list;
  };

  const values = (node: Node | null, where: string): SlotList => ({
    kind: 'values',
    values: sequence(node, where, 'a list of values').map((item): ListValue => {
      if (!isMap(item)) {
        const out = scalar(item, place(item), 'a text, or "in:" with "out:",');
        return { text: parseTemplate(String(out), place(item)), out };
      }
      const found = new Map(entries(item).map((entry) => [entry.key, entry]));
      const said = found.get('in');
      if (said === undefined) throw new UsageError(`${place(item)}: a value wants "in:", what people say`);
      const text = String(scalar(said.value, said.where, 'a text'));
      const out = found.get('out');
      return {
        text: parseTemplate(text, said.where),
        out: out === undefined ? text : scalar(out.value, out.where, 'a text or a number'),
      };
    }),
  });

  const lists = (node: Node | null, where: string, into: Map<string, SlotList>): string[] =>
    entries(map(node, where)).map(({ key, value, where }) => {
      if (isSeq(value)) into.set(key, values(value, where));
      else {
        const found = new Map(entries(map(value, `the list "${key}"`)).map((entry) => [entry.key, entry]));
        const [kind] = ['values', 'range', 'wildcard'].filter((name) => found.has(name));
        if (kind === undefined)
          throw new UsageError(`${where}: the list "${key}" wants "values:", "range:" or "wildcard: true"`);
        const entry = found.get(kind)!;
        if (kind === 'values') into.set(key, values(entry.value, entry.where));
        else into.set(key, kind === 'range' ? range(entry.value, entry.where) : { kind: 'wildcard' });
      }
      return key;
    });

  const rules = (node: Node | null, where: string, into: Map<string, Template>): void => {
    for (const { key, value, where: at } of entries(map(node, where)))
      into.set(key, parseTemplate(String(scalar(value, at, 'a template')), at));
  };

  const block = (node: Node): Block => {
    const where = place(node);
    const lists_ = new Map<string, SlotList>();
    const rules_ = new Map<string, Template>();
    const slots: Record<string, Value> = {};
    let sentences: Sentence[] = [];
    for (const { key, value, where: at } of entries(map(node, 'a block of sentences'))) {
      if (key === 'sentences') {
        sentences = sequence(value, at, '"sentences"').map((item): Sentence => {
          const text = String(scalar(item, place(item), 'a sentence'));
          return { text, template: parseTemplate(text, place(item)), where: place(item) };
        });
      } else if (key === 'slots') {
        for (const slot of entries(map(value, '"slots"')))
          slots[slot.key] = scalar(slot.value, slot.where, 'a value');
      } else if (key === 'inferred_domain') slots.domain = scalar(value, at, 'a domain');
      else if (key === 'lists') lists(value, at, lists_);
      else if (key === 'expansion_rules') rules(value, at, rules_);
      else if (!READ_OVER.has(key))
        throw new UsageError(
          `${at}: there is no "${key}" in a block; it has sentences, slots, lists, expansion_rules`,
        );
    }
    if (sentences.length === 0) throw new UsageError(`${where}: a block wants "sentences:", at least one`);
    return { sentences, slots, scope: { lists: lists_, rules: rules_ } };
  };

  /** `data:` of an intent. */
  const blocks = (node: Node | null, where: string): Block[] => {
    const found = new Map(entries(map(node, where)).map((entry) => [entry.key, entry]));
    const data = found.get('data');
    if (data === undefined)
      throw new UsageError(`${where}: an intent wants "data:", its blocks of sentences`);
    return sequence(data.value, data.where, '"data"').map(block);
  };

  const texts = (node: Node | null, where: string): string[] =>
    sequence(node, where, 'a list of words').flatMap((item) =>
      textsOf(parseTemplate(String(scalar(item, place(item), 'a word')), place(item)), new Map()),
    );

  const pins = (node: Node | null, where: string): PinRule[] =>
    sequence(node, where, '"pins"').map((item): PinRule => {
      const at = place(item);
      const found = new Map(entries(map(item, 'a pin')).map((entry) => [entry.key, entry]));
      const slots: Record<string, Value> = {};
      if (found.has('slots'))
        for (const slot of entries(map(found.get('slots')!.value, '"slots"')))
          slots[slot.key] = scalar(slot.value, slot.where, 'a value');
      const of = (key: string, what: string): Value => scalar(found.get(key)?.value ?? null, at, what);
      return pinRule([...found.keys()], of, slots, at);
    });

  return { map, entries, scalar, lists, rules, blocks, texts, pins };
}

/** A list or rule of a block, else of the home. */
export function scopeOf({ scope }: Block, home: Scope): Scope {
  if (scope.lists.size === 0 && scope.rules.size === 0) return home;
  return {
    lists: new Map([...home.lists, ...scope.lists]),
    rules: new Map([...home.rules, ...scope.rules]),
  };
}

function checkReferences(block: Block, home: Scope): void {
  const scope = scopeOf(block, home);
  const check = (template: Template, where: string, within: readonly string[]): void => {
    for (const reference of references(template)) {
      if (reference.kind === 'list') {
        if (!scope.lists.has(reference.list))
          throw new UsageError(
            `${where}: there is no list "${reference.list}"; write it under "lists:" or "names:"`,
          );
        continue;
      }
      const rule = scope.rules.get(reference.name);
      if (rule === undefined)
        throw new UsageError(
          `${where}: there is no rule <${reference.name}>; write it under "expansion_rules:"`,
        );
      if (within.includes(reference.name))
        throw new UsageError(`${where}: the rule <${reference.name}> stands within itself`);
      check(rule, where, [...within, reference.name]);
    }
  };
  for (const { template, where } of block.sentences) check(template, where, []);
}
