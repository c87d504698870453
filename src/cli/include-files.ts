/** Where the assembler's `#include` and `.include` look for files. */
import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { readInput } from '../files.ts';
import { coreHeader, type IncludedFile, type IncludeRequest } from '../xtensa/index.ts';

/** Text of a file as it is; what is no text at all is refused. */
export function readSource(path: string): string {
  const text = readInput(path, 'the source').toString('utf8');
  if (text.includes('\0')) throw new UsageError(`${path} is not assembly text; it contains zero bytes.`);
  return text;
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** What kernels of Espressif's libraries include from its toolchain: enough of it where that is not installed. */
const standIns: Readonly<Record<string, () => string>> = {
  'sdkconfig.h': () =>
    '#pragma once\n#define CONFIG_IDF_TARGET_ESP32S3 1\n#define CONFIG_IDF_TARGET_ARCH_XTENSA 1\n',
  'xtensa/config/core-isa.h': coreHeader,
  'xtensa/config/core-matmap.h': () => '#pragma once\n',
};

/** In quotes: first beside the file that includes, then in `folders`, in order; in <>: only there. */
export function includeReader(
  folders: readonly string[],
): (request: IncludeRequest) => IncludedFile | undefined {
  return ({ name, angled, from }) => {
    const beside = angled ? [] : [from === undefined || from === '-' ? '.' : dirname(from)];
    const paths = isAbsolute(name) ? [name] : [...beside, ...folders].map((folder) => join(folder, name));
    const found = paths.find(isFile);
    if (found !== undefined) return { file: found, text: readSource(found) };
    return Object.hasOwn(standIns, name) ? { file: `<${name}>`, text: standIns[name]() } : undefined;
  };
}
