/** `compile`: a WebAssembly module to Xtensa machine code. */
import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { CompiledModule } from '../../compiler/index.ts';
import { naming, readInput, readText, writeOutput } from '../../files.ts';
import { thousands } from '../table.ts';

interface Options {
  print?: boolean;
  only?: string;
  out?: string;
  memory: 'chip' | 'checked';
  verify?: boolean;
  define: Record<string, number>;
}

export function register(program: Command): void {
  program
    .command('compile')
    .description('compile a WebAssembly module to Xtensa machine code')
    .argument('<file>', '.wasm module; FILE.map beside it gives source lines for messages')
    .option('--print', 'print each stage of each function')
    .option('--only <name>', 'print only functions whose name contains this')
    .option('--out <file>', 'write GNU-syntax assembly')
    .option('--memory <mode>', 'chip: addresses are chip addresses; checked: bounds are checked', 'checked')
    .option('--verify', 'check after every step of the compiler what must hold there')
    .option('--define <module.name=n>', 'value of an imported global; may be repeated', addDefinition, {})
    .addHelpText('after', '\nExample:\n  $ esp32-llm compile fib.wasm --print')
    .action(compile);
}

function addDefinition(text: string, known: Record<string, number>): Record<string, number> {
  const match = /^([^=]+)=([+-]?(?:\d+|0x[0-9a-f]+))$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Give module.name=number.');
  const magnitude = Number(match[2].replace(/^[+-]/, ''));
  return { ...known, [match[1]]: match[2].startsWith('-') ? -magnitude : magnitude };
}

async function compile(file: string, options: Options): Promise<void> {
  const wasm = readInput(file, 'the module');
  const sourceMap = existsSync(`${file}.map`) ? readText(`${file}.map`, 'the source map') : undefined;
  const settings = {
    memory: options.memory,
    globals: options.define,
    sourceMap,
    verify: options.verify,
    contents: options.out !== undefined,
    unsupported: 'trap',
  } as const;
  if (options.print) {
    const { printStages } = await import('../../compiler/index.ts');
    const stages = await naming(file, () => printStages(wasm, { ...settings, only: options.only }));
    process.stdout.write(stages);
    return;
  }
  const [{ compileModule }, { printAssembly }] = await Promise.all([
    import('../../compiler/index.ts'),
    import('../../xtensa/index.ts'),
  ]);
  const compiled = await naming(file, () => compileModule(wasm, settings));
  const { object, exports, unsupported, externals } = compiled;
  const size = (prefix: string): number =>
    object.sections
      .filter(({ name }) => name.startsWith(prefix))
      .reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const entry of unsupported) process.stderr.write(`warning: ${warning(entry)}\n`);
  if (externals.length) process.stderr.write(`to be linked with what it imports: ${externals.join(', ')}\n`);
  if (options.out) writeOutput(options.out, printAssembly(object));
  process.stdout.write(
    `${file}: ${thousands(size('.text'))} bytes of code, ${thousands(size('.data') + size('.rodata'))} of data; exports ${exports.map(({ name }) => name).join(', ') || 'nothing'}\n`,
  );
}

/** What becomes of a function that cannot be compiled, and whom it concerns. */
function warning({ what, trap, exports, way }: CompiledModule['unsupported'][number]): string {
  const reach = exports.length
    ? `${exports.join(', ')} may call it (${way.join(' > ')})`
    : 'nothing calls it';
  return `${what}, which is not supported; ${reach}: it stops the program with trap ${trap}`;
}
