import type { WasmModule } from './module.ts';
import { createReader, type Reader, readByte, readName, readU32 } from './reader.ts';

/** Names are a courtesy: a broken name section (the specification says to ignore it) just yields fewer of them. */
export function readNames(module: WasmModule, reader: Reader): void {
  try {
    while (reader.at < reader.end) {
      const id = readByte(reader);
      const size = readU32(reader);
      const part = createReader(reader.bytes, reader.at, Math.min(reader.at + size, reader.end));
      reader.at += size;
      if (id === 0) module.name = readName(part);
      if (id === 1) readFunctionNames(module, part);
    }
  } catch {
    return;
  }
}

function readFunctionNames(module: WasmModule, reader: Reader): void {
  const count = readU32(reader);
  for (let i = 0; i < count; i++) {
    const index = readU32(reader);
    module.functionNames.set(index, readName(reader));
  }
}

export function readSourceMapUrl(module: WasmModule, reader: Reader): void {
  try {
    module.sourceMapUrl = readName(reader);
  } catch {
    module.sourceMapUrl = undefined;
  }
}
