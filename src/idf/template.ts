/** Files of the component that are the same for every model, or nearly: real files in template/, with @NAME@ to fill in. */

/** Texts by path, as `component/entry.S`. */
export type Templates = ReadonlyMap<string, string>;

export type Values = Readonly<Record<string, string | number>>;

/** Replaces every @NAME@; a name without a value is a mistake of ours. */
export function fillIn(text: string, values: Values): string {
  return text.replace(/@([A-Z][A-Z0-9_]*)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`internal: a template asks for @${name}@`);
    return String(value);
  });
}

/** All templates below `folder`, by their path there, filled in. */
export function fillTemplates(templates: Templates, folder: string, values: Values): Map<string, string> {
  const inside = [...templates].filter(([path]) => path.startsWith(`${folder}/`));
  return new Map(inside.map(([path, text]) => [path.slice(folder.length + 1), fillIn(text, values)]));
}
