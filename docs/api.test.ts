/** docs/api.md and the entries: the page lists all of `esp32-llm`, and nothing that is not there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('api.md', import.meta.url), 'utf8');

/** Sections by the entry that heads them. */
const sections = new Map(
  page
    .split(/^## `/m)
    .slice(1)
    .map((section) => {
      const [entry, ...rest] = section.split('`');
      return [entry, rest.join('`')] as const;
    }),
);
const exportsOf = (entry: string): Promise<Record<string, unknown>> => import(entry);

/** Names that a section writes as calls at the beginning of a code span: `simulate(firmware, ...)`. */
const calls = (section: string): string[] =>
  [...section.matchAll(/`([a-zA-Z]\w*)\(/g)].map(([, name]) => name);

/** Methods of what functions give back. */
const METHODS = new Set(
  'encode decode forward boot command tell pixels type settle elf lines run explain reset peek write close'.split(
    ' ',
  ),
);

describe('docs/api.md', () => {
  it('has a section for every entry', async () => {
    const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const entries = Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string' ? [] : [`esp32-llm${path.slice(1)}`],
    );
    expect([...sections.keys()].toSorted()).toEqual(entries.toSorted());
  });

  it('lists every value of esp32-llm and esp32-llm/node', async () => {
    for (const entry of ['esp32-llm', 'esp32-llm/node']) {
      const missing = Object.keys(await exportsOf(entry)).filter(
        (name) => !new RegExp(`\`[^\`]*\\b${name}\\b`).test(page),
      );
      expect(missing, entry).toEqual([]);
    }
  });

  it('calls nothing that its entry does not have', async () => {
    for (const [entry, section] of sections) {
      const known = new Set([
        ...Object.keys(await exportsOf(entry)),
        ...Object.keys(await exportsOf('esp32-llm')),
      ]);
      const unknown = calls(section).filter((name) => !known.has(name) && !METHODS.has(name));
      expect(unknown, entry).toEqual([]);
    }
  });
});
