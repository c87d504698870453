/** Object files on the command line: where a program made of them lies, and which arguments are files. */
import { existsSync } from 'node:fs';
import { readInput } from '../files.ts';

/** Internal SRAM by the instruction bus (docs/esp32-s3.md B1): behind what may be instruction cache. */
export const CODE_BASE = 0x40378000;

/** The data bus sees the same memory lower down: data comes behind the code, at the next 16 bytes. */
export const dataBehindCode = (endOfCode: number): number => (endOfCode - 0x6f0000 + 15) & ~15;

const namesObject = (name: string): boolean => /\.(o|a)$/.test(name) && existsSync(name);

/** An executable as it is; object files, the ones named behind the first included, linked to one. */
export async function loadProgram(
  file: string,
  bytes: Uint8Array,
  args: readonly string[],
): Promise<{ elf: Uint8Array; args: readonly string[] }> {
  const { isObjectFile, linkFiles } = await import('../xtensa/index.ts');
  if (!isObjectFile(bytes)) return { elf: bytes, args };
  const others = args.findIndex((arg) => !namesObject(arg));
  const count = others < 0 ? args.length : others;
  const files = [
    { file, bytes },
    ...args.slice(0, count).map((name) => ({ file: name, bytes: readInput(name, 'an object') })),
  ];
  const { elf } = linkFiles(files, { base: CODE_BASE, dataBase: dataBehindCode });
  const rest = args.slice(count);
  return { elf: elf(), args: rest[0] === '--' ? rest.slice(1) : rest };
}
