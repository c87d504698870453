/**
 * Functions that translations share instead of having them in place: the longer ones of the vector unit, and accesses to memory. A
 * translation is then a fraction as long, and soon compiled; what it calls is hot at once.
 */
import { type Inline, isBase, qaccTexts, simdInlines } from '../../pie/index.ts';
import { accessTexts } from './access-texts.ts';
import { compileBody } from './body.ts';
import { type Body, moduleOf } from './module.ts';
import type { Names } from './names.ts';
import { I32, op, pushUnsigned, STATE } from './opcodes.ts';

export interface SharedFunction {
  readonly name: string;
  /** With the state's address, the first. */
  readonly parameters: number;
  readonly body: Body;
}

/** Bytes of the longest function that is put in place of its call. */
const LONGEST_INLINE = 30;

const lengthOf = ({ parts }: Inline): number =>
  parts.reduce((sum, part) => sum + ('local' in part ? 2 : part.length), 0);

const named = [...simdInlines].map(([name, inline]) => [`pie_${name}`, inline] as const);

/** What is short enough to be put in place. */
export const smallInlines: ReadonlyMap<string, Inline> = new Map(
  named.filter(([, inline]) => lengthOf(inline) <= LONGEST_INLINE),
);

/** The others, and the texts. */
export function sharedFunctions(names: Names): SharedFunction[] {
  const long = named.filter(([name]) => !smallInlines.has(name));
  return [
    ...long.map(([name, inline]) => ({ name, parameters: inline.parameters + 1, body: bodyOf(inline) })),
    ...[...qaccTexts].map(([name, text]) => ({ name, parameters: 1, body: compileBody(text, names) })),
    ...[...accessTexts].map(([name, { parameters, text }]) => ({
      name,
      parameters: parameters.length + 1,
      body: compileBody(text, names, parameters),
    })),
  ];
}

/** Parameters and locals move up by one: the state's address comes first. Places are offsets from it. */
function bodyOf({ places, results, locals, parts }: Inline): number[] {
  const code: number[] = [];
  const local = (use: number, index: number) => {
    code.push(use);
    pushUnsigned(code, index);
  };
  for (const part of parts) {
    if (!('local' in part)) code.push(...part);
    else if (isBase(part.local)) local(op.get, STATE);
    else {
      local(part.use, part.local + 1);
      if (part.local >= places) continue;
      local(op.get, STATE);
      code.push(op.add);
    }
  }
  if (results.length === 0) code.push(op.i32Const, 0);
  else if (results.length > 1 || results[0] !== I32) throw new Error('a shared function gives one integer');
  code.push(op.end);
  const out: number[] = [];
  pushUnsigned(out, locals.length);
  for (const type of locals) out.push(1, type);
  const body: number[] = [];
  pushUnsigned(body, out.length + code.length);
  return body.concat(out, code);
}

/** A module of nothing else, which exports them by their names. */
export const sharedModule = (
  imports: readonly (readonly [name: string, parameters: number])[],
  own: readonly SharedFunction[],
): WebAssembly.Module => new WebAssembly.Module(moduleOf({ imports, own, bodies: [] }) as BufferSource);
