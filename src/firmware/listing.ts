/** The machine code of an image, function by function, read back from the image itself. */
import { UsageError } from '../errors.ts';
import { type DisassembledLine, disassemble } from '../xtensa/index.ts';
import type { Firmware } from './build.ts';
import { readImage } from './image.ts';
import { INSTRUCTION_ALIAS } from './memory.ts';

/** @throws UsageError where the image has no function of this name */
export function listFunction({ code, flash }: Firmware, name: string): DisassembledLine[] {
  const range = code.find((other) => other.name === name);
  if (!range) throw new UsageError(`the image has no function ${name}`);
  const { address, bytes, entry } = range;
  const found = readImage(flash)
    .segments.flatMap((segment) => [segment, { ...segment, address: segment.address + INSTRUCTION_ALIAS }])
    .find((segment) => segment.address <= address && address < segment.address + segment.bytes.length);
  if (!found) throw new UsageError(`${name} lies in no segment of the image`);
  const start = address - found.address;
  // Literals lie before the first instruction.
  return disassemble(found.bytes.subarray(start, start + bytes), address, [[0, entry - address]]);
}
