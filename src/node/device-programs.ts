/** The WebAssembly that ships with the package, from its files. */
import { readFileSync } from 'node:fs';
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError } from '../errors.ts';
import type { MultiplyAdd } from '../train/index.ts';

const read = new Map<string, Uint8Array<ArrayBuffer>>();

/** A file below dist/, seen from src/node/ as from dist/node/; read once. */
function builtFile(path: string): Uint8Array<ArrayBuffer> {
  const known = read.get(path);
  if (known) return known;
  try {
    const bytes = new Uint8Array(readFileSync(new URL(`../../dist/${path}`, import.meta.url)));
    read.set(path, bytes);
    return bytes;
  } catch {
    throw new FailureError(`dist/${path} is missing; run npm run build`);
  }
}

/** The parts of the device program. @throws FailureError before the package was built */
export const shippedPrograms: DevicePrograms = (name) => builtFile(`device/${name}`);

/** The trainer's operators by how they round. @throws FailureError before the package was built */
export const shippedTrainingKernels = (multiplyAdd: MultiplyAdd): Uint8Array<ArrayBuffer> =>
  builtFile(`train/kernels.${multiplyAdd}.wasm`);
