/** Unpacks a .tgz of plain files, as the official tests come: POSIX tar (ustar), 512-byte records. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const RECORD = 512;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replace(/\0.*$/s, '');

/** Writes the archive's files into a folder, without its own folders; returns their names. */
export function unpackArchive(tgz: Uint8Array, folder: string): string[] {
  const bytes = gunzipSync(tgz);
  const names: string[] = [];
  mkdirSync(folder, { recursive: true });
  for (let at = 0; at + RECORD <= bytes.length; ) {
    const header = bytes.subarray(at, at + RECORD);
    const name = text(header.subarray(0, 100));
    if (name === '') break;
    const size = Number.parseInt(text(header.subarray(124, 136)), 8);
    const isFile = header[156] === 0 || header[156] === 0x30;
    if (isFile) {
      writeFileSync(join(folder, basename(name)), bytes.subarray(at + RECORD, at + RECORD + size));
      names.push(basename(name));
    }
    at += RECORD + Math.ceil(size / RECORD) * RECORD;
  }
  return names.sort();
}
