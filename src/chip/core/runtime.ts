/**
 * What generated code calls: `$X` and the constants around it (see semantics/context.ts for the names).
 */
import { ACCESS, type Bus, BusFault, CAUSE } from '../bus/index.ts';
import { createFpu, fpuBindings } from '../fpu/index.ts';
import { pieBindings } from '../pie/index.ts';
import type { SlowAccess } from './access.ts';
import { DEBUG_TRAP } from './debug.ts';
import { trap, UnsupportedInstruction } from './errors.ts';
import type { Exceptions } from './exceptions.ts';
import { type CoreState, PS, SR, TIME } from './state.ts';
import { divideStall } from './timing.ts';
import type { Windows } from './windows.ts';

/** The visible address registers. */
export interface VisibleRegisters {
  get(index: number): number;
  set(index: number, value: number): void;
}

/** Carries out the SIMCALL at `pc`. @returns where to go on, the next instruction when it says nothing */
export type SimcallHandler = (registers: VisibleRegisters, pc: number) => number | undefined;

export interface RuntimeParts {
  readonly bus: Bus;
  readonly state: CoreState;
  readonly access: SlowAccess;
  readonly exceptions: Exceptions;
  readonly windows: Windows;
  readonly writeSpecial: (number: number, value: number) => void;
  readonly straddle: (pc: number) => number;
  readonly now: () => number;
  readonly changed: () => void;
  readonly wait: () => void;
  /** A host error surfaced inside translated code: to be thrown once its registers are saved. */
  readonly fail: (error: unknown) => void;
  readonly simcall: SimcallHandler | undefined;
}

/** High word of the signed 64-bit product. */
function highSigned(x: number, y: number): number {
  const xLow = x & 0xffff;
  const xHigh = x >> 16;
  const yLow = y & 0xffff;
  const yHigh = y >> 16;
  const low = xLow * yLow;
  const middle = xHigh * yLow + Math.floor(low / 65536);
  const other = xLow * yHigh + (middle & 0xffff);
  return (xHigh * yHigh + Math.floor(middle / 65536) + Math.floor(other / 65536)) | 0;
}

const highUnsigned = (x: number, y: number): number =>
  (highSigned(x, y) + (x < 0 ? y : 0) + (y < 0 ? x : 0)) | 0;

export function createRuntime(parts: RuntimeParts) {
  const { bus, state, access, exceptions, windows } = parts;
  const { special, time, ar } = state;
  const { arena } = bus.memory;
  const codeAttributes = new Uint8Array(8).fill(2);

  const visible = (index: number) => (special[SR.windowbase] * 4 + index) & 63;
  const registers: VisibleRegisters = {
    get: (index) => ar[visible(index)],
    set(index, value) {
      ar[visible(index)] = value;
    },
  };

  const fetchWord = (address: number, pc: number) => {
    try {
      bus.locate((address & ~3) >>> 0, 4, ACCESS.fetch, state.core, parts.now());
      time[TIME.cycles] += bus.stall;
    } catch (error) {
      if (error instanceof BusFault) access.fault(error.cause, address, pc);
      throw error;
    }
  };

  const slow = {
    ...access,
    ...windows,
    raise: (cause: number, pc: number) => exceptions.raise(cause, pc),
    /** @returns the vector, or where the error happened when it is not an architectural exception */
    caught(error: unknown): number {
      if (error === trap) {
        if (trap.cause !== DEBUG_TRAP) return exceptions.raise(trap.cause, trap.pc, trap.address);
        return exceptions.debug(trap.address, trap.pc, trap.pc);
      }
      parts.fail(error);
      return error instanceof UnsupportedInstruction ? error.address | 0 : state.pc | 0;
    },
    breakpoint: (reason: number, pc: number, next: number) => exceptions.debug(reason, pc, next),
    returnFromException: exceptions.returnFromException,
    returnFromInterrupt: exceptions.returnFromInterrupt,
    setInterruptLevel(level: number) {
      special[SR.ps] = (special[SR.ps] & ~PS.intlevel) | level;
      parts.changed();
    },
    wait(level: number) {
      slow.setInterruptLevel(level);
      parts.wait();
    },
    writeSpecial: parts.writeSpecial,
    straddle: parts.straddle,
    highSigned,
    highUnsigned,
    divideStall(quotient: number, signed: number) {
      const magnitude = signed ? Math.abs(quotient) : quotient;
      return divideStall(32 - Math.clz32(magnitude));
    },
    /** MAC16: adds a product to the 40-bit accumulator, or takes it away. */
    accumulate(product: number, sign: number) {
      const sum = special[SR.acchi] * 2 ** 32 + (special[SR.acclo] >>> 0) + sign * product;
      special[SR.acclo] = sum % 2 ** 32;
      special[SR.acchi] = (Math.floor(sum / 2 ** 32) << 24) >> 24;
    },
    fence() {
      if (bus.fence) time[TIME.cycles] += bus.fence(state.core, parts.now());
    },
    /** Code fetched through a cache: charges the line fill. */
    fetch(pc: number, length: number) {
      fetchWord(pc, pc);
      // An instruction may end in the next line.
      if ((pc & 3) + length > 4) fetchWord((pc + length - 1) | 0, pc);
    },
    /** Nothing can be fetched at `pc`: the bus says which exception that is. */
    fetchFault(pc: number) {
      try {
        bus.locate((pc & ~3) >>> 0, 4, ACCESS.fetch, state.core, parts.now());
      } catch (error) {
        if (error instanceof BusFault) return exceptions.raise(error.cause, pc, pc);
        throw error;
      }
      return exceptions.raise(CAUSE.fetchError, pc, pc);
    },
    attribute: (side: 'data' | 'code', address: number) =>
      (side === 'data' ? access.dataAttributes : codeAttributes)[address >>> 29],
    setAttribute(side: 'data' | 'code', address: number, value: number) {
      (side === 'data' ? access.dataAttributes : codeAttributes)[address >>> 29] = value & 15;
    },
    unsupported(mnemonic: string, pc: number, reason: string): never {
      throw new UnsupportedInstruction(mnemonic, pc, reason);
    },
    simcall(pc: number, next: number) {
      // Without a host it is what the manual makes of it in hardware.
      if (!parts.simcall) return exceptions.raise(CAUSE.illegal, pc);
      const target = parts.simcall(registers, pc >>> 0);
      return target === undefined ? next : target | 0;
    },
  };

  const constants: Readonly<Record<string, unknown>> = {
    $AR: ar,
    $SR: special,
    $MR: state.mr,
    $TP: state.threadPointer,
    $FI: state.fpu.bits,
    $FC: state.fpu.control,
    $F: createFpu(state.fpu),
    $T: time,
    $LM: bus.memory.loadMap,
    $SM: bus.memory.storeMap,
    $M8: new Uint8Array(arena),
    $MS8: new Int8Array(arena),
    $M16: new Uint16Array(arena),
    $MS16: new Int16Array(arena),
    $M32: new Int32Array(arena),
    $W: access.words,
    $X: slow,
    ...fpuBindings(state.fpu),
    ...pieBindings(state.pie),
  };
  const names = Object.keys(constants);
  const header = `const {${names.join(',')}}=$constants;`;

  return {
    /** Makes a function of the text of a translation. */
    instantiate(text: string, pc: number): () => number {
      const name = `at_${(pc >>> 0).toString(16)}`;
      // In parentheses: the host then compiles it at once instead of parsing it twice.
      // The text is made of the instruction table's own templates and numbers, never of anything from outside.
      return new Function('$constants', `"use strict";${header}return (function ${name}(){${text}})`)(
        constants,
      );
    },
  };
}
