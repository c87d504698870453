/** The ESP-IDF component, with its templates from the package's files and its own files to a folder. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import { buildIdfComponent, type Component, type IdfComponentOptions, type Templates } from '../idf/index.ts';

export interface IdfFolderOptions extends Omit<IdfComponentOptions, 'templates' | 'license'> {
  /** Write into a folder that has other things in it. */
  force?: boolean;
}

/** A file that every exported component has. */
const OURS = 'esp32_llm_program.h';

/** Templates and licence as they ship. */
export function shippedTemplates(): { templates: Templates; license: string } {
  const base = fileURLToPath(new URL('../idf/template/', import.meta.url));
  const paths = (readdirSync(base, { recursive: true }) as string[]).filter((path) =>
    statSync(join(base, path)).isFile(),
  );
  return {
    templates: new Map(
      paths
        .sort()
        .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(base, path), 'utf8')] as const),
    ),
    license: readFileSync(new URL('../../LICENSE', import.meta.url), 'utf8'),
  };
}

/**
 * Writes everything to `folder`, which is made where it is missing.
 * @throws UsageError if it holds something else, or files that were changed since they were written
 */
export function writeIdfComponent(folder: string, { force, ...options }: IdfFolderOptions): Component {
  const isStrange = existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, OURS));
  if (isStrange && !force) {
    throw new UsageError(
      `${folder} is not empty and is no component of ours; name another folder, or add --force to write into it.`,
    );
  }
  const component = buildIdfComponent({ ...options, ...shippedTemplates() });
  const changed = force ? [] : changedFiles(folder, component.files);
  if (changed.length > 0) {
    throw new UsageError(
      `${changed.map((path) => join(folder, path)).join(', ')}: changed since ${changed.length > 1 ? 'they were' : 'it was'} exported, and would be written over; keep a copy elsewhere and add --force, or name another folder.`,
    );
  }
  for (const [path, contents] of component.files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, contents);
  }
  const sums = new Map([...readRecord(folder), ...recordOf(component.files)]);
  writeFileSync(join(folder, RECORD), `${JSON.stringify(Object.fromEntries(sums), null, 2)}\n`);
  return component;
}

/** Checksums of the files as they were written, by their paths in the folder. */
const RECORD = '.esp32-llm-export.json';

const sumOf = (contents: Uint8Array | string): string => createHash('sha256').update(contents).digest('hex');

const recordOf = (files: Component['files']): [path: string, sum: string][] =>
  [...files].map(([path, contents]) => [path, sumOf(contents)]);

function readRecord(folder: string): Map<string, string> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as object));
  } catch {
    return new Map(); // none yet
  }
}

/** Files there that are neither what would be written nor what was written last time. */
function changedFiles(folder: string, files: Component['files']): string[] {
  const record = readRecord(folder);
  return recordOf(files).flatMap(([path, sum]) => {
    const target = join(folder, path);
    if (!existsSync(target)) return [];
    const found = sumOf(readFileSync(target));
    return found === sum || found === record.get(path) ? [] : [path];
  });
}
