/** The ESP-IDF component, with its templates from the package's files and its own files to a folder. */
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

/** Writes everything to `folder`, which is made where it is missing. @throws UsageError if it holds something else */
export function writeIdfComponent(folder: string, { force, ...options }: IdfFolderOptions): Component {
  const isStrange = existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, OURS));
  if (isStrange && !force) {
    throw new UsageError(
      `${folder} is not empty and is no component of ours; name another folder, or add --force to write into it.`,
    );
  }
  const component = buildIdfComponent({ ...options, ...shippedTemplates() });
  for (const [path, contents] of component.files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, contents);
  }
  return component;
}
