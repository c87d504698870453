/** Files of the component that are the same for every model, or nearly: real files in template/, with @NAME@ to fill in. */
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('./template/', import.meta.url);

export type Values = Readonly<Record<string, string | number>>;

/** Replaces every @NAME@; a name without a value is a mistake of ours. */
export function fillIn(text: string, values: Values): string {
  return text.replace(/@([A-Z][A-Z0-9_]*)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`internal: a template asks for @${name}@`);
    return String(value);
  });
}

/** All files below template/`name`, by their path there, filled in. */
export function templateFiles(name: string, values: Values): Map<string, string> {
  const base = new URL(`${name}/`, folder);
  const paths = readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(fileName(base).length)}/${entry.name}`.replace(/^\/+/, ''));
  return new Map(
    paths.sort().map((path) => [path, fillIn(readFileSync(new URL(path, base), 'utf8'), values)] as const),
  );
}

const fileName = (url: URL): string => decodeURIComponent(url.pathname).replace(/\/$/, '');
