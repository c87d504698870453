/** `disasm`: instructions of an ELF file or of raw bytes as GNU-syntax text. */
import type { Command } from 'commander';
import { naming, readInput } from '../../files.ts';
import { integer } from '../arguments.ts';

interface Options {
  base: number;
  source?: boolean;
}

export function register(program: Command): void {
  program
    .command('disasm')
    .description('disassemble an ELF file, an object file or raw instructions')
    .argument('<file>', 'ELF executable, .o file or raw bytes; - reads standard input')
    .option('--base <address>', 'address of the first raw byte', integer(0, 0xffffffff), 0x40370000)
    .option('--source', 'text that can be assembled again, instead of a listing')
    .addHelpText('after', '\nExample:\n  $ esp32-llm disasm program.elf')
    .action(async (file: string, { base, source }: Options) => {
      const { disassembleFile } = await import('../../xtensa/index.ts');
      const bytes = readInput(file, 'the program');
      const text = await naming(file === '-' ? 'standard input' : file, () =>
        disassembleFile(bytes, { base, source }),
      );
      process.stdout.write(`${text.trimEnd()}\n`);
    });
}
