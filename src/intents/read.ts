/** A home from YAML: what Home Assistant's users write (OHF-Voice/intents), and `names:` of one's own. */
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { UsageError } from '../errors.ts';
import { textsOf } from './expand.ts';
import type { Block, Home, Intent, ListValue, PinRule, Scope, Sentence, SlotList, Value } from './home.ts';
import { createNodes, type Nodes } from './nodes.ts';
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
  const from = createNodes(name, lines);
  const root = from.map(document.contents as Node | null, 'a home');
  for (const { key, value, where } of from.entries(root)) {
    switch (key) {
      case 'language':
        home.language = String(from.scalar(value, where, 'a language such as en'));
        break;
      case 'lists':
        readLists(from, value, where, home.lists);
        break;
      case 'names':
        for (const list of readLists(from, value, where, home.lists)) home.names.add(list);
        break;
      case 'pins':
        home.pins.push(...readPins(from, value, where));
        break;
      case 'skip_words':
        home.skipWords.push(...readTexts(from, value, where));
        break;
      case 'expansion_rules':
        readRules(from, value, where, home.rules);
        break;
      case 'intents':
        for (const intent of from.entries(from.map(value, where))) {
          const blocks = home.intents.get(intent.key) ?? [];
          home.intents.set(intent.key, [...blocks, ...readBlocks(from, intent.value, intent.where)]);
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

function readRange(from: Nodes, node: Node | null, where: string): SlotList {
  const found = from.byKey(node, 'a range');
  if (!found.has('from') || !found.has('to')) throw new UsageError(`${where}: a range wants "from" and "to"`);
  const step = found.has('fractions') ? 0.5 : from.number(found, 'step', 1);
  const list = {
    kind: 'range' as const,
    from: from.number(found, 'from', 0),
    to: from.number(found, 'to', 0),
    step,
    factor: from.number(found, 'multiplier', 1),
  };
  if (!(step > 0) || list.to < list.from || (list.to - list.from) / step >= LARGEST_RANGE) {
    throw new UsageError(`${where}: a range goes up from "from" to "to", in at most ${LARGEST_RANGE} steps`);
  }
  return list;
}

const readValues = (from: Nodes, node: Node | null, where: string): SlotList => ({
  kind: 'values',
  values: from.sequence(node, where, 'a list of values').map((item): ListValue => {
    if (!isMap(item)) {
      const out = from.scalar(item, from.place(item), 'a text, or "in:" with "out:",');
      return { text: parseTemplate(String(out), from.place(item)), out };
    }
    const found = new Map(from.entries(item).map((entry) => [entry.key, entry]));
    const said = found.get('in');
    if (said === undefined) throw new UsageError(`${from.place(item)}: a value wants "in:", what people say`);
    const text = String(from.scalar(said.value, said.where, 'a text'));
    const out = found.get('out');
    return {
      text: parseTemplate(text, said.where),
      out: out === undefined ? text : from.scalar(out.value, out.where, 'a text or a number'),
    };
  }),
});

const readLists = (from: Nodes, node: Node | null, where: string, into: Map<string, SlotList>): string[] =>
  from.entries(from.map(node, where)).map(({ key, value, where }) => {
    if (isSeq(value)) into.set(key, readValues(from, value, where));
    else {
      const found = from.byKey(value, `the list "${key}"`);
      const [kind] = ['values', 'range', 'wildcard'].filter((name) => found.has(name));
      if (kind === undefined)
        throw new UsageError(`${where}: the list "${key}" wants "values:", "range:" or "wildcard: true"`);
      const entry = found.get(kind)!;
      if (kind === 'values') into.set(key, readValues(from, entry.value, entry.where));
      else into.set(key, kind === 'range' ? readRange(from, entry.value, entry.where) : { kind: 'wildcard' });
    }
    return key;
  });

function readRules(from: Nodes, node: Node | null, where: string, into: Map<string, Template>): void {
  for (const { key, value, where: at } of from.entries(from.map(node, where)))
    into.set(key, parseTemplate(String(from.scalar(value, at, 'a template')), at));
}

function readBlock(from: Nodes, node: Node): Block {
  const where = from.place(node);
  const lists = new Map<string, SlotList>();
  const rules = new Map<string, Template>();
  const slots: Record<string, Value> = {};
  let sentences: Sentence[] = [];
  for (const { key, value, where: at } of from.entries(from.map(node, 'a block of sentences'))) {
    if (key === 'sentences') {
      sentences = from.sequence(value, at, '"sentences"').map((item): Sentence => {
        const text = String(from.scalar(item, from.place(item), 'a sentence'));
        return { text, template: parseTemplate(text, from.place(item)), where: from.place(item) };
      });
    } else if (key === 'slots') {
      for (const slot of from.entries(from.map(value, '"slots"')))
        slots[slot.key] = from.scalar(slot.value, slot.where, 'a value');
    } else if (key === 'inferred_domain') slots.domain = from.scalar(value, at, 'a domain');
    else if (key === 'lists') readLists(from, value, at, lists);
    else if (key === 'expansion_rules') readRules(from, value, at, rules);
    else if (!READ_OVER.has(key))
      throw new UsageError(
        `${at}: there is no "${key}" in a block; it has sentences, slots, lists, expansion_rules`,
      );
  }
  if (sentences.length === 0) throw new UsageError(`${where}: a block wants "sentences:", at least one`);
  return { sentences, slots, scope: { lists, rules } };
}

/** `data:` of an intent. */
function readBlocks(from: Nodes, node: Node | null, where: string): Block[] {
  const found = from.byKey(node, where);
  const data = found.get('data');
  if (data === undefined) throw new UsageError(`${where}: an intent wants "data:", its blocks of sentences`);
  return from.sequence(data.value, data.where, '"data"').map((node) => readBlock(from, node));
}

const readTexts = (from: Nodes, node: Node | null, where: string): string[] =>
  from
    .sequence(node, where, 'a list of words')
    .flatMap((item) =>
      textsOf(
        parseTemplate(String(from.scalar(item, from.place(item), 'a word')), from.place(item)),
        new Map(),
      ),
    );

const readPins = (from: Nodes, node: Node | null, where: string): PinRule[] =>
  from.sequence(node, where, '"pins"').map((item): PinRule => {
    const at = from.place(item);
    const found = from.byKey(item, 'a pin');
    const slots: Record<string, Value> = {};
    if (found.has('slots'))
      for (const slot of from.entries(from.map(found.get('slots')!.value, '"slots"')))
        slots[slot.key] = from.scalar(slot.value, slot.where, 'a value');
    const of = (key: string, what: string): Value => from.scalar(found.get(key)?.value ?? null, at, what);
    return pinRule([...found.keys()], of, slots, at);
  });

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
