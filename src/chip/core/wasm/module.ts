/** Modules of functions that all take integers and give one, in the binary format of the WebAssembly core specification 2.0, section 5.5. */
import { I32, pushUnsigned } from './opcodes.ts';

const MOST_PARAMETERS = 8;

/** Of a function as the code section wants it, its length first. */
export type Body = readonly number[] | Uint8Array;

export interface ModuleParts {
  /** Functions by name, with their number of parameters. */
  readonly imports: readonly (readonly [name: string, parameters: number])[];
  readonly withTable?: boolean;
  /** Functions behind the imports; exported by their names where they are all there is. */
  readonly own?: readonly { readonly name: string; readonly parameters: number; readonly body: Body }[];
  /** Functions of one parameter behind those, exported as r0, r1 … */
  readonly bodies: readonly Body[];
}

const sized = (bytes: readonly number[]): number[] => {
  const out: number[] = [];
  pushUnsigned(out, bytes.length);
  return out.concat(bytes);
};
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const counted = (items: readonly (readonly number[])[]): number[] => {
  const out: number[] = [];
  pushUnsigned(out, items.length);
  for (const item of items) for (const byte of item) out.push(byte);
  return out;
};
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);
const unsigned = (value: number): number[] => {
  const out: number[] = [];
  pushUnsigned(out, value);
  return out;
};

const magic = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Type n takes n integers and gives one. */
const types = section(
  1,
  counted(
    Array.from({ length: MOST_PARAMETERS + 1 }, (_, n) => [
      0x60,
      ...unsigned(n),
      ...Array(n).fill(I32),
      1,
      I32,
    ]),
  ),
);

const fromEnvironment = text('e');
const memoryImport = [...fromEnvironment, ...text('memory'), 0x02, 0x00, 0x00];
const tableImport = [...fromEnvironment, ...text('table'), 0x01, 0x70, 0x00, 0x00];

/** Beginnings of modules, their imports included, by the list of these: written anew they took as long as the rest of a small module. */
const beginnings = new WeakMap<ModuleParts['imports'], Uint8Array>();

/** @param withTable the same for all modules with this list of imports */
function beginningOf(imports: ModuleParts['imports'], withTable: boolean): Uint8Array {
  const known = beginnings.get(imports);
  if (known) return known;
  const functions = imports.map(([name, parameters]) => [
    ...fromEnvironment,
    ...text(name),
    0x00,
    parameters,
  ]);
  const all = counted([...functions, memoryImport, ...(withTable ? [tableImport] : [])]);
  const beginning = Uint8Array.from([...magic, ...types, ...section(2, all)]);
  beginnings.set(imports, beginning);
  return beginning;
}

export function moduleOf({ imports, withTable = false, own = [], bodies }: ModuleParts): Uint8Array {
  const beginning = beginningOf(imports, withTable);
  const first = imports.length + own.length;
  const all = [...own.map(({ body }) => body), ...bodies];
  const count = unsigned(all.length);
  const exported = bodies.length > 0 ? bodies.map((_, index) => `r${index}`) : own.map(({ name }) => name);
  const firstExported = bodies.length > 0 ? first : imports.length;
  const code = all.reduce((sum, { length }) => sum + length, count.length);
  const middle = [
    ...section(3, counted([...own.map(({ parameters }) => [parameters]), ...bodies.map(() => [1])])),
    ...section(
      7,
      counted(exported.map((name, index) => [...text(name), 0x00, ...unsigned(firstExported + index)])),
    ),
    10,
    ...unsigned(code),
    ...count,
  ];
  const module = new Uint8Array(beginning.length + middle.length + code - count.length);
  module.set(beginning);
  module.set(middle, beginning.length);
  let at = beginning.length + middle.length;
  for (const body of all) {
    module.set(body, at);
    at += body.length;
  }
  return module;
}

/** Where in a body the numbers of called functions stand; known of bodies that this process has compiled. */
const callPlaces = new WeakMap<Body, readonly number[]>();
export const noteCalls = (body: Body, places: readonly number[]): void => void callPlaces.set(body, places);

/** Lists of imports by what is left out, so that each is encoded once. */
const shorter = new WeakMap<ModuleParts['imports'], Map<string, ModuleParts['imports']>>();

function only(imports: ModuleParts['imports'], used: readonly number[]): ModuleParts['imports'] {
  const lists = shorter.get(imports) ?? new Map<string, ModuleParts['imports']>();
  shorter.set(imports, lists);
  const key = used.join(' ');
  const list = lists.get(key) ?? used.map((index) => imports[index]);
  lists.set(key, list);
  return list;
}

/** The number in LEB128 that begins at a place, and its bytes. */
function numberAt(body: Body, place: number): { value: number; bytes: number } {
  let value = 0;
  let bytes = 0;
  do value |= (body[place + bytes] & 0x7f) << (7 * bytes);
  while (body[place + bytes++] & 0x80);
  return { value, bytes };
}

/**
 * A module of a few functions, which imports only what they call: an import costs a module as much as a hundred instructions, and there are
 * more than a hundred that it could call.
 */
export function smallModuleOf(imports: ModuleParts['imports'], bodies: readonly Body[]): Uint8Array {
  const places = bodies.map((body) => callPlaces.get(body));
  if (places.includes(undefined)) return moduleOf({ imports, bodies });
  const called = bodies.map((body, i) => places[i]!.map((place) => ({ place, ...numberAt(body, place) })));
  const used = [...new Set(called.flat().map(({ value }) => value))].sort((a, b) => a - b);
  const numbers = new Map(used.map((value, index) => [value, index]));
  const renumbered = bodies.map((body, i) => {
    const copy = Uint8Array.from(body);
    for (const { place, value, bytes } of called[i]) {
      // In as many bytes as before: the sizes stay.
      for (let byte = 0, rest = numbers.get(value)!; byte < bytes; byte++, rest >>>= 7)
        copy[place + byte] = (rest & 0x7f) | (byte < bytes - 1 ? 0x80 : 0);
    }
    return copy;
  });
  return moduleOf({ imports: only(imports, used), bodies: renumbered });
}
