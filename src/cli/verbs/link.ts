/** `link`: object files and archives, ours and those of GNU as and GCC, to an ELF executable. */
import { type Command, InvalidArgumentError } from 'commander';
import { readInput, writeOutput } from '../../files.ts';
import { integer } from '../arguments.ts';
import { CODE_BASE, dataBehindCode } from '../object-files.ts';

interface Options {
  out: string;
  base: number;
  dataBase?: number;
  entry?: string;
  define: Record<string, number>;
  map?: boolean;
}

const address = integer(0, 0xffffffff);

/** `NAME=ADDRESS` */
function defineSymbol(text: string, symbols: Record<string, number>): Record<string, number> {
  const [, name, value] = /^([A-Za-z_.$][\w.$]*)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Give NAME=ADDRESS.');
  return { ...symbols, [name]: address(value) };
}

export function register(program: Command): void {
  program
    .command('link')
    .description('link object files and archives to an ELF executable')
    .argument('<files...>', '.o files, and .a files for what is still missing')
    .requiredOption('-o, --out <file>', 'the ELF executable')
    .option('--base <address>', 'address of the first code', address, CODE_BASE)
    .option(
      '--data-base <address>',
      'address of the first data; default: behind the code, by the data bus',
      address,
    )
    .option('--entry <symbol>', 'where the program begins; default _start, else main, else the first code')
    .option('--define <name=address>', 'a symbol that no file defines', defineSymbol, {})
    .option('--map', 'print addresses and sizes of all sections')
    .addHelpText(
      'after',
      "\nCode comes first (each file's literals before its instructions), then constants, data and zeros.\n\nExample:\n  $ esp32-llm asm kernel.S -c && esp32-llm link main.o kernel.o -o program.elf && esp32-llm exec program.elf",
    )
    .action(linkAll);
}

async function linkAll(files: string[], options: Options): Promise<void> {
  const { linkFiles } = await import('../../xtensa/index.ts');
  const inputs = files.map((file) => ({ file, bytes: readInput(file, 'an object') }));
  const linked = linkFiles(inputs, {
    base: options.base,
    dataBase: options.dataBase ?? dataBehindCode,
    entry: options.entry,
    symbols: options.define,
  });
  writeOutput(options.out, linked.elf());
  if (options.map) process.stdout.write(linked.map());
}
