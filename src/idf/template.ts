/** Files of the component that are the same for every model, or nearly: real files in template/, with @NAME@ to fill in. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  const base = fileURLToPath(new URL(`${name}/`, folder));
  const paths = (readdirSync(base, { recursive: true }) as string[]).filter((path) =>
    statSync(join(base, path)).isFile(),
  );
  return new Map(
    paths.sort().map((path) => {
      const text = readFileSync(join(base, path), 'utf8');
      return [path.replaceAll('\\', '/'), fillIn(text, values)] as const;
    }),
  );
}
