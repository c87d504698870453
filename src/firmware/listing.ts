/** The machine code of an image, function by function, read back from the image itself. */
import { UsageError } from '../errors.ts';
import { type DisassembledLine, disassemble } from '../xtensa/index.ts';
import type { Firmware } from './build.ts';
import { readImage } from './image.ts';
import { INSTRUCTION_ALIAS } from './memory.ts';

/** @throws UsageError where the image has no function of this name */
export type Listing = (name: string) => readonly DisassembledLine[];

/** For one function after another: the image is read once, and each of them. */
export function createListing({ code, flash }: Firmware): Listing {
  const segments = readImage(flash).segments.flatMap((segment) => [
    segment,
    { ...segment, address: segment.address + INSTRUCTION_ALIAS },
  ]);
  const list = (name: string): DisassembledLine[] => {
    const range = code.find((other) => other.name === name);
    if (!range) throw new UsageError(`the image has no function ${name}`);
    const { address, bytes, entry } = range;
    const found = segments.find(
      (segment) => segment.address <= address && address < segment.address + segment.bytes.length,
    );
    if (!found) throw new UsageError(`${name} lies in no segment of the image`);
    const start = address - found.address;
    // Literals lie before the first instruction.
    return disassemble(found.bytes.subarray(start, start + bytes), address, [[0, entry - address]]);
  };
  const known = new Map<string, DisassembledLine[]>();
  return (name) => {
    const lines = known.get(name) ?? list(name);
    known.set(name, lines);
    return lines;
  };
}
