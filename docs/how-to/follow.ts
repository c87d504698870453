/**
 * Follows a how-to page in a copy of the repository: writes its new files, makes its changes, runs its commands, compares
 * their output. What a page can hold, by the line that opens a block:
 *
 *   ```ts src/new-file.ts     a new file
 *   ```diff src/file.ts       a change: lines with a space stay, with - go, with + come; the old text must be there once
 *   ```sh                     commands, run in the repository's folder; each must succeed
 *   ```text                   lines that the commands before it printed, in this order; … stands for any others
 *                             (not looked at where none of the commands is run)
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Block {
  readonly language: string;
  /** Path in the repository, for new files and changes. */
  readonly path: string;
  readonly text: string;
  /** Line of the page on which the block opens. */
  readonly line: number;
}

/** The blocks of a page that say what they are; others are for the eye only. */
export function readBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  const opening = /^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm;
  for (const { 1: language = '', 2: path = '', 3: text = '', index } of page.matchAll(opening))
    blocks.push({ language, path, text, line: page.slice(0, index).split('\n').length });
  return blocks;
}

/** Folders that a page may change; what it only reads is linked. */
const CHANGED = ['src', 'device', 'scripts', 'bench', 'docs', 'studio', 'dist'];
const LINKED = ['node_modules', 'data', 'models'];

/** A copy of the repository, in which pages are followed one after the other. */
export interface Copy {
  readonly folder: string;
  /** Makes it what it was: away with what is new, and what was written is copied again. */
  restore(): void;
}

/** Files may be stamped with a time that is a little behind the clock. */
const CLOCK_MS = 100;

export function copyRepository(from: string, to: string): Copy {
  const top = filesAt(from);
  for (const name of [...top, ...CHANGED]) cpSync(join(from, name), join(to, name), { recursive: true });
  for (const name of LINKED) symlinkSync(join(from, name), join(to, name), 'junction');
  const paths = new Set([...top, ...CHANGED.flatMap((name) => filesBelow(from, name))]);
  let since = Date.now() - CLOCK_MS;
  return {
    folder: to,
    restore() {
      const there = [...filesAt(to), ...CHANGED.flatMap((name) => filesBelow(to, name))];
      for (const path of there) if (!paths.has(path)) rmSync(join(to, path));
      for (const path of paths) {
        const { mtimeMs } = statSync(join(to, path), { throwIfNoEntry: false }) ?? { mtimeMs: since };
        if (mtimeMs >= since) cpSync(join(from, path), join(to, path));
      }
      since = Date.now() - CLOCK_MS;
    },
  };
}

const filesAt = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
const filesBelow = (root: string, folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)));

/** One `@@`-separated part of a change. @throws Error where the old text is not there exactly once */
function applyPart(source: string, part: string, path: string): string {
  const lines = part.replace(/\n$/, '').split('\n');
  const side = (marks: string): string =>
    lines
      .filter((line) => line === '' || marks.includes(line[0]!))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const [before, after] = [side(' -'), side(' +')];
  const found = source.split(before).length - 1;
  if (found !== 1)
    throw new Error(`${path} holds this ${found} times, not once; the page is out of date:\n${before}`);
  return source.replace(before, () => after);
}

function change({ path, text }: Block, folder: string): void {
  const file = join(folder, path);
  const parts = text.split(/^@@.*\n/m).filter((part) => part.trim() !== '');
  writeFileSync(
    file,
    parts.reduce((source, part) => applyPart(source, part, path), readFileSync(file, 'utf8')),
  );
}

function create({ path, text }: Block, folder: string): void {
  const file = join(folder, path);
  if (existsSync(file)) throw new Error(`${path} exists already`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The type check of the whole repository: the same for every page, so that pages which are followed together share one. */
export const TYPE_CHECK = 'npx tsc --noEmit';

/** @throws Error where it fails. @returns what it printed */
export function runCommand(command: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: folder,
    shell: true,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  if (status !== 0) throw new Error(`${command} ends with ${status}:\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

const commandsOf = ({ text }: Block): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

function expectLines({ text }: Block, printed: string): void {
  const lines = printed.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  let at = 0;
  for (const wanted of text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))) {
    if (wanted === '' || wanted === '…') continue;
    const found = lines.findIndex((line, index) => index >= at && line === wanted);
    if (found < 0) throw new Error(`"${wanted}" is not printed. What is:\n${printed}`);
    at = found + 1;
  }
}

/**
 * Does what the page says. @throws Error that names the block's line
 *
 * @param runs which of its commands; default: all
 */
export function followPage(
  page: string,
  folder: string,
  runs: (command: string) => boolean = () => true,
): void {
  let printed: string | undefined;
  for (const block of readBlocks(page)) {
    try {
      if (block.language === 'sh') {
        const outputs = commandsOf(block)
          .filter(runs)
          .map((command) => runCommand(command, folder));
        printed = outputs.length > 0 ? outputs.join('') : undefined;
      } else if (block.language === 'text') {
        if (printed !== undefined) expectLines(block, printed);
      } else if (block.language === 'diff') change(block, folder);
      else if (block.path !== '') create(block, folder);
    } catch (error) {
      throw new Error(`line ${block.line}: ${(error as Error).message}`);
    }
  }
}
