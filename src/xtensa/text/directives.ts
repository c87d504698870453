/** The directives of GNU as that kernels use, as one table from name to action. */
import { UsageError } from '../../errors.ts';
import type { SectionItems } from '../items.ts';
import { namedLiterals, placePool } from '../literals.ts';
import { checkUndefined, defineLabel, sectionNamed } from '../program.ts';
import { describePlace } from '../source-place.ts';
import { type Context, parse, splitArguments } from './context.ts';
import { align, count, type Directive, dataDirectives, org, space } from './data-directives.ts';
import { parseString } from './expressions.ts';

function enter(context: Context, section: SectionItems): void {
  context.previousSection = context.program.current;
  context.program.current = section;
}

/** `.section name, "flags", @type` */
const section: Directive = (context, text) => {
  const [name = '', flags = '', type = ''] = splitArguments(text);
  const plain = name.replace(/^"(.*)"$/, '$1');
  if (plain === '' || /\s/.test(plain)) throw new UsageError('.section wants a name.');
  const attributes = flags.startsWith('"')
    ? {
        allocate: flags.includes('a'),
        write: flags.includes('w'),
        execute: flags.includes('x'),
        zeros: /nobits/.test(type),
      }
    : undefined;
  enter(context, sectionNamed(context.program, plain, attributes));
};

const plainSection =
  (name: string): Directive =>
  (context) =>
    enter(context, sectionNamed(context.program, name));

const pushSection: Directive = (context, text) => {
  context.sectionStack.push({ current: context.program.current, previous: context.previousSection });
  section(context, text);
};

const popSection: Directive = (context) => {
  const saved = context.sectionStack.pop();
  if (!saved) throw new UsageError('.popsection without a .pushsection.');
  context.program.current = saved.current;
  context.previousSection = saved.previous;
};

const previous: Directive = (context) => {
  if (!context.previousSection) throw new UsageError('.previous: there was no section before.');
  enter(context, context.previousSection);
};

const symbolPattern = /^[A-Za-z_.$][\w.$]*$/;

function symbolName(text: string): string {
  const name = text.trim().replace(/^"(.*)"$/, '$1');
  if (!symbolPattern.test(name)) throw new UsageError(`"${name}" is not a symbol.`);
  return name;
}

const global: Directive = (context, text) => {
  for (const name of splitArguments(text)) context.program.globals.add(symbolName(name));
};

const weak: Directive = (context, text) => {
  global(context, text);
  for (const name of splitArguments(text)) context.program.weak.add(symbolName(name));
};

/** `.set`, `.equ`, `=`: may be given anew, unless `once`. */
export function assign(context: Context, name: string, value: string, once = false): void {
  if (name === '.') {
    org(context, value);
    return;
  }
  const { constants, labels } = context.program;
  symbolName(name);
  if (labels.has(name)) throw new UsageError(`"${name}" is already a label.`);
  if (once) checkUndefined(context.program, name);
  constants.set(name, parse(context, value));
}

const set =
  (once: boolean): Directive =>
  (context, text) => {
    const [name, value] = splitArguments(text);
    if (value === undefined) throw new UsageError('a symbol and a value, please.');
    assign(context, name, value, once);
  };

/** `.lcomm name, size, align`: zeros in .bss. */
const localCommon: Directive = (context, text) => {
  const [name, size = '', boundary = '4'] = splitArguments(text);
  const back = context.program.current;
  context.program.current = sectionNamed(context.program, '.bss');
  align(false)(context, boundary);
  defineLabel(context.program, symbolName(name ?? ''), context.place);
  space(count(context, size, 'a size'), 0, context);
  context.program.current = back;
};

/** `.comm name, size, align`: zeros that objects share, unless `.local` said that they do not. */
const common: Directive = (context, text) => {
  const [given, size = '', boundary = '4'] = splitArguments(text);
  const { program, locals } = context;
  const name = symbolName(given ?? '');
  if (locals.has(name)) {
    localCommon(context, text);
    return;
  }
  checkUndefined(program, name);
  const bytes = count(context, size, 'a size');
  program.commons.set(name, { size: bytes, align: Math.max(1, count(context, boundary, 'an alignment')) });
};

const local: Directive = (context, text) => {
  for (const name of splitArguments(text)) context.locals.add(symbolName(name));
};

/** `.loc 1 7 3 view .LVU4` names a place in the line table; as none is made here, all its views are number 0. */
const location: Directive = (context, text) => {
  const [, name] = /\bview\s+([A-Za-z_.$][\w.$]*)/.exec(text) ?? [];
  if (name !== undefined) context.program.constants.set(name, 0);
};

/** `.type name, @function` */
const type: Directive = (context, text) => {
  const [name = '', kind = ''] = splitArguments(text);
  const { symbolInfo } = context.program;
  const isFunction = /function/i.test(kind);
  symbolInfo.set(symbolName(name), { ...symbolInfo.get(name), isFunction });
};

/** `.size name, .-name` */
const size: Directive = (context, text) => {
  const [name = '', value = ''] = splitArguments(text);
  const { symbolInfo } = context.program;
  symbolInfo.set(symbolName(name), { ...symbolInfo.get(name), size: parse(context, value) });
};

const literal: Directive = (context, text) => {
  const [name, ...values] = splitArguments(text);
  if (name === undefined || values.length === 0) throw new UsageError('.literal wants a label and a value.');
  const { program } = context;
  checkUndefined(program, symbolName(name));
  const expressions = values.map((value) => parse(context, value));
  program.labels.set(name, namedLiterals(program.current, name, expressions));
};

const regionSettings: Readonly<Record<string, (context: Context) => void>> = {
  transform: ({ program }) => void (program.exact = false),
  'no-transform': ({ program }) => void (program.exact = true),
  generics: ({ program }) => void (program.exact = false),
  'no-generics': ({ program }) => void (program.exact = true),
  density: ({ program }) => void (program.density = true),
  'no-density': ({ program }) => void (program.density = false),
  longcalls: (context) => void (context.longCalls = true),
  'no-longcalls': (context) => void (context.longCalls = false),
};

/** Regions that say where literals or instructions should go, which does not change what they mean. */
const placementRegions =
  /^(no-)?(schedule|relax|absolute-literals|trampolines|auto-litpools|target-align)$|^literal_prefix/;

const begin: Directive = (context, text) => {
  const name = text.trim();
  const { program, longCalls } = context;
  const { exact, density } = program;
  const restore = (): void => {
    Object.assign(program, { exact, density });
    context.longCalls = longCalls;
  };
  const apply = regionSettings[name];
  if (!apply && !placementRegions.test(name)) throw new UsageError(`.begin: "${name}" is not known.`);
  context.regions.push({ name: name.split(/\s/)[0], restore });
  apply?.(context);
};

const end: Directive = (context, text) => {
  const name = text.trim().split(/\s/)[0];
  const region = context.regions.pop();
  if (region?.name !== name)
    throw new UsageError(`.end ${name} does not close ".begin ${region?.name ?? ''}".`);
  region.restore();
};

const refuse =
  (why: string): Directive =>
  () => {
    throw new UsageError(why);
  };

const say: Directive = (context, text) => {
  context.messages.push(`${describePlace(context.place)}: ${new TextDecoder().decode(parseString(text))}`);
};

const ignore: Directive = () => {};

export const directives: Readonly<Record<string, Directive>> = {
  '.text': plainSection('.text'),
  '.data': plainSection('.data'),
  '.bss': plainSection('.bss'),
  '.rodata': plainSection('.rodata'),
  '.section': section,
  '.pushsection': pushSection,
  '.popsection': popSection,
  '.previous': previous,
  '.global': global,
  '.globl': global,
  '.weak': weak,
  '.set': set(false),
  '.equ': set(false),
  '.equiv': set(true),
  '.comm': common,
  '.lcomm': localCommon,
  '.loc': location,
  '.local': local,
  '.type': type,
  '.size': size,
  ...dataDirectives,
  '.literal': literal,
  '.literal_position': (context) => void placePool(context.program.current),
  '.begin': begin,
  '.end': end,
  '.incbin': refuse('.incbin is not supported: put the bytes here as .byte or .word.'),
  '.print': say,
  '.warning': say,
  '.error': (_, text) =>
    refuse(text.trim() === '' ? '.error' : new TextDecoder().decode(parseString(text)))(_, text),
  ...Object.fromEntries(
    [
      'file',
      'ident',
      'hidden',
      'internal',
      'protected',
      'extern',
      'line',
      'ln',
      'title',
      'psize',
      'list',
      'nolist',
      'attribute',
      'weakref',
      'frequency',
      'addrsig',
    ].map((name) => [`.${name}`, ignore]),
  ),
};

/** Debugging directives come in families. */
export function findDirective(name: string): Directive | undefined {
  const lower = name.toLowerCase();
  if (/^\.(cfi_|xt\.|stab|def|gnu_attribute)/.test(lower)) return ignore;
  return Object.hasOwn(directives, lower) ? directives[lower] : undefined;
}
