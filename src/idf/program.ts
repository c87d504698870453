/** The component's program: the device program without boot and console, compiled without fixed addresses, and the kernels. */
import { compileModule } from '../compiler/index.ts';
import { memoryBases } from '../contract/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { LINE_BYTES, vocabularyConstants } from '../firmware/index.ts';
import { buildKernels, kernelClobbers } from '../kernels/index.ts';
import type { Tokenizer } from '../model/index.ts';
import { configOf, knowsWords, type QuantizedModel } from '../quantize/index.ts';
import type { ObjectCode, Section } from '../xtensa/index.ts';
import type { ComponentLayout } from './layout.ts';

/** Everything that the linker sees begins with this, so that nothing collides with other people's code. */
export const PREFIX = 'esp32_llm_';
/** Words with the addresses of {@link ComponentLayout}, in its order. */
export const WORDS = `${PREFIX}words`;
const STATIC = `${PREFIX}static`;
const TRAP = `${PREFIX}trap`;

export interface ComponentProgram {
  /** One object a hand-written kernel, then the compiled program. All CALL0. */
  kernels: ObjectCode;
  program: ObjectCode;
  /** Names of the program's functions that C code may call, without prefix; the code is `esp32_llm_call0_NAME`. */
  entries: readonly string[];
}

export interface ComponentProgramOptions {
  programs: DevicePrograms;
  model: QuantizedModel;
  context: number;
  cores: 1 | 2;
  layout: ComponentLayout;
  tokenizer: Tokenizer;
}

/** Compiles the program for a model. */
export function compileComponent(options: ComponentProgramOptions): ComponentProgram {
  const { model, context, cores, layout, tokenizer } = options;
  const numbers = {
    ...configOf(model, context, new Map()),
    ...(layout.lanes > 0 && { lanes: layout.lanes, batch: undefined }),
    ...vocabularyConstants(tokenizer),
    cores,
    grammar: 0,
    grammarRoom: 1, // grammars come from the caller: `bind`
    grammarRoomBytes: 0,
    ...(!knowsWords(model) && { knownWords: 0 }),
    lineBytes: LINE_BYTES,
  };
  const known = Object.entries(numbers).filter(([, value]) => value !== undefined);
  const words = layout.words.map(({ name }, index) => [name, { symbol: WORDS, offset: 4 * index }] as const);
  const compiled = compileModule(options.programs('component.wasm'), {
    globals: prefixed(known),
    variables: prefixed(words),
    staticData: { base: memoryBases.component.address, symbol: STATIC },
    clobbers: kernelClobbers,
    trapSymbol: TRAP,
    roots: 'exports',
  });
  const entries = compiled.exports.filter(({ kind }) => kind === 'func').map(({ name }) => name);
  const kernels = buildKernels(model.shape);
  const kernelNames = kernels.flatMap(({ sections }) =>
    sections.flatMap(({ symbols }) => globalsOf(symbols)),
  );
  const names = new Map([
    ...kernelNames.map((name) => [name, `${PREFIX}kernel_${name}`] as const),
    ...entries.map((name) => [name, `${PREFIX}call0_${name}`] as const),
    ...functionNames(compiled.object.sections, entries),
  ]);
  const globals = new Set([...names.values()].filter((name) => /^esp32_llm_(kernel|call0)_/.test(name)));
  return {
    kernels: {
      sections: kernels.flatMap((kernel, index) => namedSections(kernel, names, `.Lkernel${index}`)),
      globals,
    },
    program: { sections: namedSections(compiled.object, names, '.Lprogram'), globals },
    entries,
  };
}

const prefixed = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries(entries.map(([name, value]) => [`config.${name}`, value]));

const globalsOf = (symbols: ReadonlyMap<string, number>): string[] =>
  [...symbols.keys()].filter((name) => !name.startsWith('.L'));

/** Readable names for compiled functions, from their sections: `.text.device/sampler/sink` is `esp32_llm_sampler_sink`. */
function functionNames(sections: readonly Section[], entries: readonly string[]): [string, string][] {
  return sections.flatMap(({ name, symbols }): [string, string][] => {
    const path = /^\.text\.(?:device\/)?(.*)$/.exec(name)?.[1];
    if (path === undefined) return [];
    const entry = entries.find((exported) => symbols.has(exported));
    const plain = entry ? `call0_${entry}` : path.replace(/\W+/g, '_').replace(/^_+/, '');
    return [...symbols.keys()]
      .filter((symbol) => /^\.Lfunction\.\d+$/.test(symbol) || symbol === path)
      .map((symbol) => [symbol, PREFIX + plain]);
  });
}

/** Sections with symbols and references under their new names; local ones get `local` before them, to be told apart. */
function namedSections(
  { sections }: ObjectCode,
  names: ReadonlyMap<string, string>,
  local: string,
): Section[] {
  const renamed = (symbol: string): string =>
    names.get(symbol) ?? (symbol.startsWith('.L') ? local + symbol : symbol);
  return sections.map((section) => ({
    ...section,
    symbols: new Map([...section.symbols].map(([symbol, offset]) => [renamed(symbol), offset])),
    relocations: section.relocations.map((relocation) => ({
      ...relocation,
      symbol: renamed(relocation.symbol),
    })),
  }));
}
