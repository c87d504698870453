/** `asm`: GNU-syntax assembly text to bytes, an ELF file or a listing. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { integer } from '../arguments.ts';

interface Options {
  base: number;
  out?: string;
  elf?: string;
  listing?: boolean;
}

export function register(program: Command): void {
  program
    .command('asm')
    .description('assemble GNU-syntax Xtensa text for the ESP32-S3')
    .argument('<file>', 'assembly source; - reads standard input')
    .option('--base <address>', 'address of the first byte', integer(0, 0xffffffff), 0x40370000)
    .option('--out <file>', 'write the bytes')
    .option('--elf <file>', 'write an ELF executable, for exec and disasm')
    .option('--listing', 'print addresses, bytes and text')
    .addHelpText(
      'after',
      '\nWithout --out, --elf or --listing the bytes are printed in hex.\n\nExample:\n  $ esp32-llm asm kernel.S --listing',
    )
    .action(assemble);
}

async function assemble(file: string, options: Options): Promise<void> {
  const { assembleFile } = await import('../../xtensa/index.ts');
  const source = readFileSync(file === '-' ? 0 : file, 'utf8');
  const assembled = assembleFile(source, {
    base: options.base,
    preprocess: file.endsWith('.S'),
    onMessage: (message) => process.stderr.write(`${message}\n`),
  });
  if (options.out) writeFileSync(options.out, assembled.bytes);
  if (options.elf) writeFileSync(options.elf, assembled.elf());
  if (options.listing) process.stdout.write(`${assembled.listing}\n`);
  if (!options.out && !options.elf && !options.listing)
    process.stdout.write(`${Buffer.from(assembled.bytes).toString('hex')}\n`);
}
