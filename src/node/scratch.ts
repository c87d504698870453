/** The trainer's intermediate data as files in a folder. */
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Parts, Scratch } from '../train/index.ts';
import { explained, makeFolder, withFile } from './run-files.ts';

/** Bytes that are written at once. */
const BLOCK = 1 << 20;

export interface FolderScratch extends Scratch {
  /** Removes all files that were made or read. */
  clear(): void;
}

/** Files in `folder`, which is made with the first of them. They are there whole or not at all. */
export function folderScratch(folder: string): FolderScratch {
  const used = new Set<string>();
  const pathOf = (file: string) => join(folder, file);
  const remove = (file: string) => {
    used.delete(file);
    rmSync(pathOf(file), { force: true });
  };
  return {
    open(file) {
      if (!existsSync(pathOf(file))) return undefined;
      used.add(file);
      return openParts(pathOf(file));
    },
    create(file, write) {
      const path = pathOf(file);
      const temporary = `${path}.${process.pid}.part`;
      makeFolder(folder);
      try {
        withFile(temporary, 'w', (descriptor) => {
          const blocks = blockWriter(descriptor);
          write(blocks.append);
          blocks.flush();
        });
        renameSync(temporary, path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw explained(error, path);
      }
      used.add(file);
    },
    remove,
    clear: () => [...used].forEach(remove),
  };
}

/** Gathers small pieces into blocks. */
function blockWriter(file: number): { append(bytes: Uint8Array): void; flush(): void } {
  const block = new Uint8Array(BLOCK);
  let held = 0;
  const writeAll = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  const flush = () => {
    writeAll(block.subarray(0, held));
    held = 0;
  };
  return {
    flush,
    append(bytes) {
      if (held + bytes.length > BLOCK) flush();
      if (bytes.length > BLOCK) return writeAll(bytes);
      block.set(bytes, held);
      held += bytes.length;
    },
  };
}

function openParts(path: string): Parts {
  const file = openSync(path, 'r');
  return {
    bytes: fstatSync(file).size,
    read(at, into) {
      for (let done = 0; done < into.length; ) {
        const count = readSync(file, into, done, into.length - done, at + done);
        if (count === 0) throw new Error(`train: ${path} is shorter than it was`);
        done += count;
      }
    },
    close: () => closeSync(file),
  };
}
