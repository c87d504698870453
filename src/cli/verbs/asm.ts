/** `asm`: GNU-syntax assembly text to bytes, an ELF file or a listing. */
import { basename, extname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../errors.ts';
import { naming, writeOutput } from '../../files.ts';
import { integer } from '../arguments.ts';
import { includeReader, readSource } from '../include-files.ts';

interface Options {
  base: number;
  include: string[];
  define: Record<string, string>;
  out?: string;
  elf?: string;
  listing?: boolean;
  object?: boolean;
}

const collect = (value: string, values: string[] = []): string[] => [...values, value];

/** `NAME`, `NAME=VALUE` or `NAME(a)=BODY`; a name alone is 1. */
function define(text: string, defines: Record<string, string> = {}): Record<string, string> {
  const [, name, value = '1'] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text)!;
  if (!/^[A-Za-z_$][\w$]*(\([^)]*\))?$/.test(name.trim()))
    throw new InvalidArgumentError('Give NAME or NAME=VALUE.');
  return { ...defines, [name.trim()]: value };
}

export function register(program: Command): void {
  program
    .command('asm')
    .description('assemble GNU-syntax Xtensa text for the ESP32-S3')
    .argument('<file>', 'assembly source; - reads standard input; a .S file goes through the C preprocessor')
    .option(
      '-I, --include <folder>',
      'where #include and .include look, after the folder of the file',
      collect,
      [],
    )
    .option('-D, --define <name[=value]>', 'a macro for .S files, a symbol for others', define, {})
    .option('--base <address>', 'address of the first byte', integer(0, 0xffffffff), 0x40370000)
    .option(
      '-o, --out <file>',
      'write the bytes; with -c the object file (default: the name of the source with .o)',
    )
    .option('-c, --object', 'an ELF object file, in which symbols may be missing: for link, exec or GNU ld')
    .option('--elf <file>', 'write an ELF executable, for exec and disasm')
    .option('--listing', 'print addresses, bytes and text')
    .addHelpText(
      'after',
      '\nWithout --out, --elf or --listing the bytes are printed in hex.\n\nExamples:\n  $ esp32-llm asm kernel.S --listing\n  $ esp32-llm asm kernel.S -I include -D COUNT=4 -c',
    )
    .action(assemble);
}

async function assemble(file: string, options: Options): Promise<void> {
  const { assembleFile, assembleObject, disassembleFile } = await import('../../xtensa/index.ts');
  const source = readSource(file);
  const name = file === '-' ? 'standard input' : file;
  const settings = {
    file: file === '-' ? undefined : file,
    preprocess: file.endsWith('.S'),
    defines: options.define,
    readInclude: includeReader(options.include),
    onMessage: (message: string) => void process.stderr.write(`${message}\n`),
  };
  if (options.object) {
    if (options.elf) throw new UsageError('-c makes an object, --elf a program: give one of them');
    const object = await naming(name, () => assembleObject(source, settings));
    if (options.listing) process.stdout.write(`${disassembleFile(object)}\n`);
    if (options.out || !options.listing) writeOutput(options.out ?? objectName(file), object);
    return;
  }
  const assembled = await naming(name, () => assembleFile(source, { ...settings, base: options.base }));
  if (options.out) writeOutput(options.out, assembled.bytes);
  if (options.elf) writeOutput(options.elf, assembled.elf());
  if (options.listing) process.stdout.write(`${assembled.listing}\n`);
  if (!options.out && !options.elf && !options.listing)
    process.stdout.write(`${Buffer.from(assembled.bytes).toString('hex')}\n`);
}

/** As compilers name it: in the folder where one stands. */
function objectName(file: string): string {
  if (file === '-') throw new UsageError('-c of standard input wants the name of the object file: -o FILE');
  return `${basename(file, extname(file))}.o`;
}
