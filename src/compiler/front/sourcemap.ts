/**
 * Source maps (revision 3) as AssemblyScript writes them for WebAssembly: the whole module is line 1, a column is a
 * byte offset in the file.
 */

export interface SourcePosition {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

export type SourceLookup = (byteOffset: number) => SourcePosition | undefined;

interface Mapping {
  readonly at: number;
  readonly source: number;
  readonly line: number;
  readonly column: number;
}

/** Reads the text of a .map file; an unreadable one yields no positions, as it is a courtesy. */
export function createSourceLookup(text: string): SourceLookup {
  try {
    const map: unknown = JSON.parse(text);
    if (!isSourceMap(map)) return () => undefined;
    const mappings = decodeMappings(map.mappings);
    return (byteOffset) => {
      const found = mappings.findLast((mapping) => mapping.at <= byteOffset);
      const file = found && map.sources[found.source];
      return found && file ? { file, line: found.line + 1, column: found.column + 1 } : undefined;
    };
  } catch {
    return () => undefined;
  }
}

function isSourceMap(value: unknown): value is { sources: string[]; mappings: string } {
  const map = value as { sources?: unknown; mappings?: unknown } | null;
  return Array.isArray(map?.sources) && typeof map.mappings === 'string';
}

function decodeMappings(text: string): Mapping[] {
  const [firstLine] = text.split(';');
  const mappings: Mapping[] = [];
  let [at, source, line, column] = [0, 0, 0, 0];
  for (const segment of firstLine.split(',')) {
    const fields = decodeVlq(segment);
    at += fields[0] ?? 0;
    if (fields.length < 4) continue;
    source += fields[1];
    line += fields[2];
    column += fields[3];
    mappings.push({ at, source, line, column });
  }
  return mappings.sort((a, b) => a.at - b.at);
}

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function decodeVlq(text: string): number[] {
  const fields: number[] = [];
  let [value, shift] = [0, 0];
  for (const character of text) {
    const digit = base64.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    fields.push(value & 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return fields;
}
