/** What stands in a YAML file, with the place of each part for messages. */
import { isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from 'yaml';
import { UsageError } from '../errors.ts';
import type { Value } from './home.ts';

export type Entry = { key: string; value: Node | null; where: string };

export type Nodes = ReturnType<typeof createNodes>;

/** @param file what messages call it */
export function createNodes(file: string, lines: LineCounter) {
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

  /** The entries of a map by their keys. */
  const byKey = (node: Node | null, what: string): ReadonlyMap<string, Entry> =>
    new Map(entries(map(node, what)).map((entry) => [entry.key, entry]));

  return { place, map, entries, sequence, scalar, number, byKey };
}
