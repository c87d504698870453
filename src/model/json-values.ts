/** JSON of others: parts of it by what they should be. */

export type Json = Readonly<Record<string, unknown>>;

/** The value where it is an object. */
export const object = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

/** The value where it is a list; an empty one otherwise. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text by its key, or what is usual. */
export const field = (from: Json, key: string, usual: string): string =>
  typeof from[key] === 'string' ? (from[key] as string) : usual;

/** A file's JSON object; undefined where it is none. */
export function parseObject(bytes: Uint8Array): Json | undefined {
  try {
    return object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}
