/** What the tests of this room share: the templates and tests of OHF-Voice/intents, out of their archive. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse, stringify } from 'yaml';
import type { HomeSource } from './read.ts';

const ARCHIVE = new URL('../../../shared/data/intents/OHF-Voice-intents.tar.gz', import.meta.url);
export const hasOhf = existsSync(ARCHIVE);

/** Files of a tar archive (POSIX ustar: a block of 512 bytes before each file, padded to 512). */
function untar(bytes: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const field = (from: number, length: number) =>
      bytes.toString('latin1', at + from, at + from + length).split('\0')[0];
    const size = Number.parseInt(field(124, 12), 8);
    const path = field(345, 155) === '' ? field(0, 100) : `${field(345, 155)}/${field(0, 100)}`;
    if (field(156, 1) === '0') {
      files.set(path.replace(/^(\.\/)?[^/]+\//, ''), bytes.toString('utf8', at + 512, at + 512 + size));
    }
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return files;
}

/** A block of test sentences with what they mean, and the names that the house of that file has. */
export interface OhfTest {
  file: string;
  intent: string;
  names: Readonly<Record<string, readonly string[]>>;
  sentences: readonly string[];
  slots: Readonly<Record<string, string | number>>;
}

export interface Ohf {
  sources: HomeSource[];
  tests: OhfTest[];
}

interface TestFile {
  entities?: { name: string }[];
  areas?: { name: string }[];
  floors?: { name: string }[];
  tests?: { sentences: string[]; slots?: Record<string, string | number> }[];
}

/** Templates and tests of one language. */
export function readOhf(language: string): Ohf {
  const files = untar(gunzipSync(readFileSync(ARCHIVE)));
  const sources: HomeSource[] = [];
  const tests: OhfTest[] = [];
  for (const [path, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [folder, ...rest] = path.split('/');
    const isShared = folder === 'lists' && rest.length === 1 && path.endsWith('.yaml');
    if (!isShared && rest[0] !== language) continue;
    if (folder === 'lists' || folder === 'rules' || rest[1] === '_common.yaml')
      sources.push({ name: path, text });
    else if (folder === 'sentences') {
      const { language: _, ...intent } = parse(text);
      sources.push({ name: path, text: stringify({ intents: { [rest[1]]: intent } }) });
    }
    if (folder === 'tests' && !path.endsWith('_fixtures.yaml')) {
      const { entities = [], areas = [], floors = [], tests: cases = [] } = parse(text) as TestFile;
      const named = (list: { name: string }[]) => list.map(({ name }) => name);
      const names = { name: named(entities), area: named(areas), floor: named(floors) };
      for (const { sentences, slots = {} } of cases)
        tests.push({ file: path, intent: rest[1], names, sentences, slots });
    }
  }
  // Shared lists come first, so that a language may have its own.
  return { sources: sources.sort((a, b) => Number(isOwn(a)) - Number(isOwn(b))), tests };
}

const isOwn = ({ name }: HomeSource): boolean => name.split('/').length > 2;
