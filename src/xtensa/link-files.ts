/** Object files and archives to one program: what the verb `link` does, without the command line. */
import { FailureError } from '../errors.ts';
import { isArchive, readArchive } from './archive.ts';
import { readElf } from './elf.ts';
import { objectFromElf } from './elf-object.ts';
import { writeElf } from './elf-write.ts';
import { type LinkedCode, link, withCommons } from './link.ts';
import { defaultAttributes, type ObjectCode, type Section, type SectionAttributes } from './object.ts';

export interface InputFile {
  /** For messages. */
  file: string;
  bytes: Uint8Array;
}

export interface LinkFilesOptions {
  /** Address of the first section of code. */
  base: number;
  /** Address of the first section of data, or what gives it once the end of the code is known. */
  dataBase?: number | ((endOfCode: number) => number);
  /** Symbol at which the program begins; default `_start`, else `main`, else the first instruction. */
  entry?: string;
  /** Addresses of symbols that no file defines. */
  symbols?: Readonly<Record<string, number>>;
}

export interface LinkedFiles extends LinkedCode {
  entry: number;
  /** The same as an executable ELF file. */
  elf(): Uint8Array;
  /** Sections with addresses, sizes and files, in order of address. */
  map(): string;
}

const isElf = (bytes: Uint8Array): boolean =>
  bytes.length > 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** An ELF file that is to be linked before it can run. */
export function isObjectFile(bytes: Uint8Array): boolean {
  return isArchive(bytes) || (isElf(bytes) && bytes.length > 17 && bytes[16] === 1 && bytes[17] === 0);
}

function readObject({ file, bytes }: InputFile): ObjectCode {
  try {
    if (!isElf(bytes)) throw new FailureError('this is no ELF object file and no archive of them.');
    const elf = readElf(bytes);
    if (elf.kind !== 'relocatable') throw new FailureError('this ELF file is linked already.');
    return { ...objectFromElf(elf), file };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError(`${file}: ${error.message}`);
  }
}

/** Names that an object defines for others, and those it wants from them. */
function interfaceOf({ sections, globals, absolutes, commons, weak }: ObjectCode): {
  defined: Set<string>;
  wanted: Set<string>;
} {
  const own = new Set(sections.flatMap(({ symbols }) => [...symbols.keys()]));
  const defined = new Set([...own].filter((name) => globals?.has(name)));
  for (const name of [...(absolutes?.keys() ?? []), ...(commons?.keys() ?? [])]) defined.add(name);
  const used = sections.flatMap(({ relocations }) => relocations.map(({ symbol }) => symbol));
  const wanted = new Set(used.filter((name) => name !== '' && !own.has(name) && !weak?.has(name)));
  return { defined, wanted };
}

/** The objects of the files, and of archives the members that something wants, as long as something new does. */
function readObjects(files: readonly InputFile[], given: ReadonlySet<string>): ObjectCode[] {
  const objects: ObjectCode[] = [];
  const defined = new Set(given);
  const wanted = new Set<string>();
  const take = (object: ObjectCode): void => {
    const names = interfaceOf(object);
    for (const name of names.defined) defined.add(name);
    for (const name of names.wanted) wanted.add(name);
    objects.push(object);
  };
  const library: ObjectCode[] = [];
  for (const input of files) {
    if (!isArchive(input.bytes)) {
      take(readObject(input));
      continue;
    }
    for (const { name, bytes } of readArchive(input.bytes)) {
      if (isObjectFile(bytes)) library.push(readObject({ file: `${input.file}(${name})`, bytes }));
    }
  }
  const providers = library.map((object) => ({ object, names: interfaceOf(object).defined, taken: false }));
  for (let found = true; found; ) {
    found = false;
    for (const provider of providers) {
      if (provider.taken) continue;
      if (![...provider.names].some((name) => wanted.has(name) && !defined.has(name))) continue;
      provider.taken = found = true;
      take(provider.object);
    }
  }
  return objects;
}

const attributesOf = ({ name, attributes }: Section): SectionAttributes =>
  attributes ?? defaultAttributes(name);

/** Code, then constants, then data, then zeros. */
function groupOf(section: Section): number {
  const { execute, write, zeros } = attributesOf(section);
  if (execute) return 0;
  return zeros ? 3 : write ? 2 : 1;
}

/** l32r reads backwards: of one object, literals come before the code that wants them. */
const isLiterals = ({ name }: Section): boolean => /literal/.test(name);

interface Arranged {
  object: ObjectCode;
  section: Section;
  address: number;
}

/** Within a group, the order of the files and of their sections. */
function arrange(objects: readonly ObjectCode[], options: LinkFilesOptions): Arranged[] {
  const sections = objects.flatMap((object) =>
    [...object.sections]
      .sort((one, other) => Number(isLiterals(other)) - Number(isLiterals(one)))
      .filter((section) => attributesOf(section).allocate)
      .map((section) => ({ object, section, group: groupOf(section) })),
  );
  let next = options.base;
  let group = 0;
  return [...sections]
    .sort((one, other) => one.group - other.group)
    .map(({ object, section, group: own }) => {
      const { dataBase } = options;
      if (group === 0 && own > 0 && dataBase !== undefined) {
        next = typeof dataBase === 'number' ? dataBase : dataBase(next);
      }
      group = own;
      const address = Math.ceil(next / section.align) * section.align;
      next = address + section.bytes.length;
      return { object, section, address };
    });
}

/** Names that start-up code and allocators know from GNU ld's own scripts. */
function conventionalSymbols(arranged: readonly Arranged[]): Record<string, number> {
  const endOf = (groups: readonly number[]): number | undefined => {
    const inside = arranged.filter(({ section }) => groups.includes(groupOf(section)));
    const last = inside.at(-1);
    return last && last.address + last.section.bytes.length;
  };
  const end = endOf([0, 1, 2, 3]) ?? 0;
  const firstZeros = arranged.find(({ section }) => groupOf(section) === 3)?.address;
  const text = endOf([0]) ?? end;
  const data = endOf([0, 1, 2]) ?? end;
  return {
    _end: end,
    end,
    _etext: text,
    etext: text,
    _edata: data,
    edata: data,
    __bss_start: firstZeros ?? data,
  };
}

function entryOf(symbols: ReadonlyMap<string, number>, wanted: string | undefined, first: number): number {
  if (wanted === undefined) return symbols.get('_start') ?? symbols.get('main') ?? first;
  const address = symbols.get(wanted);
  if (address === undefined) throw new FailureError(`the entry "${wanted}" is defined in none of the files.`);
  return address;
}

/** Links object files and archives: code from `base` on, data behind it or from `dataBase` on. */
export function linkFiles(files: readonly InputFile[], options: LinkFilesOptions): LinkedFiles {
  const given = new Set(Object.keys(options.symbols ?? {}));
  if (options.entry !== undefined) given.delete(options.entry);
  const objects = withCommons(readObjects(files, given));
  const arranged = arrange(objects, options);
  const addresses = new Map(arranged.map(({ section, address }) => [section, address]));
  const symbols = { ...conventionalSymbols(arranged), ...options.symbols };
  const linked = link(objects, (section) => addresses.get(section), { symbols });
  // Segments come in the order of the objects and of those of their sections that were placed.
  const placed = objects.flatMap((object) =>
    object.sections.filter((section) => addresses.has(section)).map((section) => ({ object, section })),
  );
  const byAddress = linked.segments
    .map((segment, index) => ({ segment, ...placed[index] }))
    .filter(({ segment }) => segment.bytes.length > 0)
    .sort((one, other) => one.segment.address - other.segment.address);
  if (byAddress.length === 0) throw new FailureError('the files have nothing in them that could be linked.');
  const entry = entryOf(linked.symbols, options.entry, options.base);
  return {
    ...linked,
    entry,
    elf() {
      const segments = byAddress.map(({ segment: { name, address, bytes }, section }) => {
        const attributes = attributesOf(section);
        if (!attributes.zeros) {
          return { name, address, bytes, attributes, data: attributes.execute ? section.data : [] };
        }
        return { name, address, bytes: new Uint8Array(0), memorySize: bytes.length, attributes };
      });
      return writeElf({ entry, segments, symbols: linked.symbols });
    },
    map() {
      const lines = byAddress.map(({ segment: { address, bytes, name }, object }) => {
        const place = address.toString(16).padStart(8, '0');
        return `${place} ${String(bytes.length).padStart(8)} ${name.padEnd(20)} ${object.file ?? ''}`.trimEnd();
      });
      return `${lines.join('\n')}\n`;
    },
  };
}
