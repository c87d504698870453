/** Data of a run that are made once and then read in parts: too large for memory, and never the only copy. */

/** Bytes that are read in parts. */
export interface Parts {
  bytes: number;
  /** Fills `into` with the bytes from `at` on. */
  read(at: number, into: Uint8Array): void;
  close(): void;
}

/** Where such data lie: a folder, or memory. */
export interface Scratch {
  /** Undefined where there is no such file, or none that was written to its end. */
  open(file: string): Parts | undefined;
  /** Makes a file of what `write` hands over, from front to back. */
  create(file: string, write: (append: (bytes: Uint8Array) => void) => void): void;
  remove(file: string): void;
}

/** Keeps all in memory. */
export function memoryScratch(): Scratch {
  const files = new Map<string, Uint8Array>();
  return {
    open(file) {
      const content = files.get(file);
      return content && memoryParts(content);
    },
    create(file, write) {
      const parts: Uint8Array[] = [];
      write((bytes) => void parts.push(bytes.slice()));
      const content = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        content.set(part, at);
        at += part.length;
      }
      files.set(file, content);
    },
    remove: (file) => void files.delete(file),
  };
}

function memoryParts(content: Uint8Array): Parts {
  return {
    bytes: content.length,
    read: (at, into) => into.set(content.subarray(at, at + into.length)),
    close: () => undefined,
  };
}

/** The file of that name, made by `write` where it is not there yet. */
export function openOrCreate(
  scratch: Scratch,
  file: string,
  write: (append: (bytes: Uint8Array) => void) => void,
): Parts {
  const ready = scratch.open(file);
  if (ready) return ready;
  scratch.create(file, write);
  return scratch.open(file)!;
}
