/** Reads archives of object files (`ar`, System V and GNU names): libgcc.a, libm.a. */
import { FailureError } from '../errors.ts';

export interface ArchiveMember {
  name: string;
  bytes: Uint8Array;
}

const magic = '!<arch>\n';
const headerSize = 60;

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

export const isArchive = (bytes: Uint8Array): boolean => latin1(bytes.subarray(0, 8)) === magic;

/** `name/`, or `/12`: the place of a long name in the archive's own table. */
function memberName(field: string, longNames: string): string {
  const [, place] = /^\/(\d+)/.exec(field) ?? [];
  if (place === undefined) return field.replace(/\/?\s*$/, '');
  return longNames.slice(Number(place)).split('/\n')[0];
}

/** The object files of an archive, in order. Throws a FailureError for a damaged one. */
export function readArchive(bytes: Uint8Array): ArchiveMember[] {
  const members: ArchiveMember[] = [];
  let longNames = '';
  for (let at = magic.length; at + headerSize <= bytes.length; ) {
    const header = latin1(bytes.subarray(at, at + headerSize));
    const size = Number(header.slice(48, 58));
    const start = at + headerSize;
    if (header.slice(58) !== '`\n' || !Number.isInteger(size) || start + size > bytes.length) {
      throw new FailureError(`the archive is damaged at byte ${at}.`);
    }
    const content = bytes.subarray(start, start + size);
    const field = header.slice(0, 16).trimEnd();
    if (field === '//') longNames = latin1(content);
    else if (field !== '/' && field !== '/SYM64/')
      members.push({ name: memberName(field, longNames), bytes: content });
    at = start + size + (size & 1);
  }
  return members;
}
