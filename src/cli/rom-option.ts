/** `--rom`: the chip's own mask ROM, which comes with Espressif's tools, in place of our stand-in. */
import { Option } from 'commander';
import { FailureError } from '../errors.ts';
import { readInput } from '../files.ts';

export interface RomOptions {
  rom?: string;
}

export const romOption = (): Option =>
  new Option(
    '--rom <file>',
    "the chip's own mask ROM (esp32s3_rev0_rom.elf of Espressif's tools, or the raw 384 KB as QEMU ships them)",
  );

/** Contents of the ROM that the options name, if they name one. */
export async function romFrom({ rom }: RomOptions): Promise<Uint8Array | undefined> {
  if (rom === undefined) return undefined;
  const file = readInput(rom, 'the ROM');
  const { readRomImage } = await import('../chip/soc/index.ts');
  try {
    return readRomImage(file);
  } catch (error) {
    if (error instanceof FailureError) throw new FailureError(`${rom}: ${error.message}`);
    throw error;
  }
}
