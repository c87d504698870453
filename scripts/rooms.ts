/**
 * Holds ARCHITECTURE.md's table of rooms against the imports of all TypeScript files. The page is the list that counts:
 * this file knows no room by name.
 */
import { parseSync } from 'vite';

/** A row's path: `src/xtensa/` (everything under it) or `src/errors.ts` (one file). */
export interface Room {
  readonly path: string;
  /** Whether its files may import `node:`. */
  readonly node: boolean;
}

export interface Import {
  /** The specifier as written: './bus.ts', 'node:fs', 'commander'. */
  readonly specifier: string;
  /** Path from the repository's root when the specifier is relative. */
  readonly target?: string;
}

/** Imports by file; paths from the repository's root, with '/'. */
export type Imports = ReadonlyMap<string, readonly Import[]>;

/** Whether a file is there only for tests, measurements and chores: it may pass a room's face by. */
export const isTestOnly = (file: string) =>
  /(^|\/)(test-[^/]*|[^/]*\.test)\.ts$|(^|\/)testing(\/|\.ts$)|^(bench|scripts)\/|^[^/]+$/.test(file);

/** @param page ARCHITECTURE.md */
export function readRooms(page: string): Room[] {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => /^\| *room *\|/.test(line));
  if (head < 0) throw new Error("no table '| room | ... |' in the page");
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const node = cells(lines[head]).indexOf('Node');
  const rooms: Room[] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    for (const [, path] of cells(line)[0].matchAll(/`([^`]+)`/g)) {
      rooms.push({ path, node: cells(line)[node] === 'yes' });
    }
  }
  return rooms;
}

/** What a file imports: statically, by `import()` of a literal, and by `import('...')` types. */
export function readImports(file: string, text: string): Import[] {
  const { module } = parseSync(file, text, { lang: file.endsWith('.tsx') ? 'tsx' : 'ts' });
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => literal(text.slice(start, end))),
    ...Array.from(text.matchAll(/\bimport\('([^']+)'\)\./g), ([, specifier]) => specifier),
  ];
  return [...new Set(specifiers)].map((specifier) =>
    specifier.startsWith('.') ? { specifier, target: join(file, specifier) } : { specifier },
  );
}

const literal = (source: string) =>
  source
    .match(/^'([^']*)'$|^`([^`$]*)`$/)
    ?.slice(1)
    .filter(Boolean) ?? [];

function join(file: string, specifier: string): string {
  const parts = file.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** The room with the longest path that holds the file. */
export function roomOf(rooms: readonly Room[], file: string): Room | undefined {
  const holding = rooms.filter(({ path }) => (path.endsWith('/') ? file.startsWith(path) : file === path));
  return holding.sort((one, other) => other.path.length - one.path.length)[0];
}

/** Whether a file may be imported from other rooms: the room itself where it is one file, else its index.ts. */
const isFace = (room: Room, file: string) => file === room.path || file === `${room.path}index.ts`;

/**
 * Every breach of the page's rules, as sentences:
 * a file has a room; imports go to rooms above, through their faces; `node:` only where the page says so;
 * nothing imports a test-only file but another one. Test-only files may pass faces by.
 */
export function findBreaches(rooms: readonly Room[], imports: Imports): string[] {
  const breaches: string[] = [];
  for (const [file, list] of imports) {
    const room = roomOf(rooms, file);
    const testOnly = isTestOnly(file);
    if (!room) {
      if (!testOnly) breaches.push(`${file} belongs to no room of ARCHITECTURE.md.`);
      continue;
    }
    for (const { specifier, target } of list) {
      if (testOnly) continue;
      if (specifier.startsWith('node:') && !room.node) {
        breaches.push(`${file} imports ${specifier}, but ${room.path} is no room for Node.`);
      }
      const problem = target && problemOf(rooms, room, target);
      if (problem) breaches.push(`${file} imports ${target}: ${problem}.`);
    }
  }
  return breaches;
}

function problemOf(rooms: readonly Room[], room: Room, target: string): string | undefined {
  const other = roomOf(rooms, target);
  if (isTestOnly(target)) return 'that is for tests only';
  if (!other) return 'that belongs to no room';
  if (other === room) return undefined;
  if (rooms.indexOf(other) > rooms.indexOf(room)) return `${other.path} is below ${room.path} in the table`;
  return isFace(other, target) ? undefined : `not the face of ${other.path}`;
}

/** Files that import each other in a circle, types included; each circle once, as a path that closes. */
export function findCircles(imports: Imports): string[][] {
  const circles: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  // AssemblyScript's imports have no ending.
  const resolve = (target: string) =>
    [target, `${target}.ts`, `${target}/index.ts`].find((file) => imports.has(file)) ?? target;
  const visit = (file: string) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      circles.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const { target } of imports.get(file) ?? []) if (target) visit(resolve(target));
    path.pop();
    state.set(file, 'done');
  };
  for (const file of imports.keys()) visit(file);
  return circles;
}
