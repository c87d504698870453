/** Which text an instruction becomes, given what the state of the core makes of it (windows, coprocessors). */

import { CAUSE } from '../bus/index.ts';
import { emitPie } from '../pie/index.ts';
import { hasIllegalOperand, type Instruction } from './decode.ts';
import type { Flow } from './graph.ts';
import type { Emitter, EndingEmitter } from './semantics/context.ts';
import { endingEmitter, plainControl } from './semantics/control.ts';
import { floatEmitter } from './semantics/float.ts';
import { integerEmitter } from './semantics/integer.ts';
import { memoryEmitters } from './semantics/memory.ts';
import { processorEmitter } from './semantics/processor.ts';
import { specialEmitter, writeEndsRegion } from './semantics/special.ts';

/** What translated code rests on; packed into one number, which selects among translations of the same address. */
export interface Variant {
  /** Groups of four visible registers that may be touched, 1 to 4. */
  readonly free: number;
  readonly fpu: boolean;
  readonly pie: boolean;
  /** PS.EXCM: hardware loops do not loop back. */
  readonly excm: boolean;
  /** Breakpoints or single stepping are armed: one instruction at a time, all accesses the slow way. */
  readonly debug: boolean;
}

/** Fields of a packed variant: the low two bits hold `free` - 1. */
export const VARIANT = { free: 3, fpu: 4, pie: 8, excm: 16, debug: 32 } as const;

export const packVariant = (variant: Variant): number =>
  (variant.free - 1) |
  (variant.fpu ? VARIANT.fpu : 0) |
  (variant.pie ? VARIANT.pie : 0) |
  (variant.excm ? VARIANT.excm : 0) |
  (variant.debug ? VARIANT.debug : 0);

export const unpackVariant = (packed: number): Variant => ({
  free: (packed & VARIANT.free) + 1,
  fpu: (packed & VARIANT.fpu) !== 0,
  pie: (packed & VARIANT.pie) !== 0,
  excm: (packed & VARIANT.excm) !== 0,
  debug: (packed & VARIANT.debug) !== 0,
});

export type Selected =
  | { readonly kind: 'plain'; readonly emit: Emitter; readonly endsRegion: boolean }
  | { readonly kind: 'ending'; readonly emit: EndingEmitter }
  /** An expression which takes the exception and gives the vector. */
  | { readonly kind: 'raise'; readonly vector: string };

const isVectorName = (name: string) => name.startsWith('ee.') || name.endsWith('.qr');

/** Cause of the coprocessor-disabled exception, or undefined where the coprocessor is on or not needed. */
function missingCoprocessor(instruction: Instruction, variant: Variant): number | undefined {
  const opcode = instruction.opcode!;
  if (!opcode.states.some((state) => state.name === 'CPENABLE')) return undefined;
  if (opcode.name.endsWith('.cpenable')) return undefined;
  const isFloat = opcode.states.some((state) => /Flag$|Enable$|^RoundMode$/.test(state.name));
  const usesFloat = isFloat || opcode.operands.some((operand) => operand.regfile === 'FR');
  const isVector = isVectorName(opcode.name) || (!usesFloat && /^[rw]ur\./.test(opcode.name));
  if (isVector) return variant.pie ? undefined : CAUSE.coprocessor0 + 3;
  return variant.fpu ? undefined : CAUSE.coprocessor0;
}

/** In the assembler's table, but of an option that this core lacks (extended L32R): illegal instructions. */
const absent = /^[rwx]sr\.litbase$/;

function highestGroup(instruction: Instruction): number {
  let highest = 0;
  instruction.opcode!.operands.forEach((operand, index) => {
    if (operand.regfile === 'AR') highest = Math.max(highest, instruction.operands[index] >> 2);
  });
  return highest;
}

export function select(instruction: Instruction, variant: Variant): Selected {
  const { opcode, pc } = instruction;
  const raise = (cause: number): Selected => ({
    kind: 'raise',
    vector: `$X.raise(${cause},${pc | 0})`,
  });
  if (!opcode || hasIllegalOperand(instruction) || absent.test(opcode.name)) return raise(CAUSE.illegal);
  const coprocessor = missingCoprocessor(instruction, variant);
  if (coprocessor !== undefined) return raise(coprocessor);
  if (highestGroup(instruction) >= variant.free) return { kind: 'raise', vector: `$X.overflow(${pc | 0})` };
  const { name } = opcode;
  const ending = endingEmitter(name);
  if (ending) return { kind: 'ending', emit: ending };
  const emit = plainEmitter(name, instruction);
  if (!emit) throw new Error(`the instruction table has ${name}, for which there is no semantics`);
  return { kind: 'plain', emit, endsRegion: writeEndsRegion(name) };
}

function plainEmitter(name: string, instruction: Instruction): Emitter | undefined {
  if (isVectorName(name)) {
    return (_, context) => {
      const text = emitPie(name, instruction.operands, context);
      if (text === undefined) throw new Error(`chip/pie has no semantics for ${name}`);
      return text;
    };
  }
  return (
    integerEmitter(name) ??
    memoryEmitters[name] ??
    (plainControl[name] ? () => '' : undefined) ??
    specialEmitter(name, instruction.operands) ??
    processorEmitter(name) ??
    floatEmitter(name, instruction.operands)
  );
}

/** How control passes on, for cutting code into blocks. */
export function flowOf(instruction: Instruction, selected: Selected): Flow {
  const stop: Flow = { target: undefined, fallsThrough: false, loopEnd: undefined, mustBeFirst: false };
  if (selected.kind === 'raise') return stop;
  if (selected.kind === 'plain') return { ...stop, fallsThrough: !selected.endsRegion };
  const { name, flag, operands } = instruction.opcode!;
  const labelIndex = operands.findIndex((operand) => operand.kind === 'label');
  const target = instruction.operands[labelIndex];
  if (flag === 'branch') return { ...stop, target, fallsThrough: true };
  if (name === 'j') return { ...stop, target };
  if (flag === 'loop') {
    return { ...stop, target: name === 'loop' ? undefined : target, fallsThrough: true, loopEnd: target };
  }
  return { ...stop, mustBeFirst: name === 'entry' || name === 'simcall' };
}
