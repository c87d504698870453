/**
 * What generated code calls: `$X` and the constants around it (see semantics/context.ts for the names).
 */
import { ACCESS, type Bus, BusFault, CAUSE } from '../bus/index.ts';
import { createFpu } from '../fpu/index.ts';
import { pieFunctions } from '../pie/index.ts';
import type { SlowAccess } from './access.ts';
import { DEBUG_TRAP } from './debug.ts';
import { trap, UnsupportedInstruction } from './errors.ts';
import type { Exceptions } from './exceptions.ts';
import { debugPortInstructions } from './semantics/processor.ts';
import { type CoreState, PS, SR, TIME } from './state.ts';
import { divideStall } from './timing.ts';
import type { Caller } from './wasm/linker.ts';
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

/** Code fetched through a cache, and code that cannot be fetched. */
function createFetches({ bus, state, access, exceptions, now }: RuntimeParts) {
  const fetchWord = (address: number, pc: number) => {
    try {
      bus.locate((address & ~3) >>> 0, 4, ACCESS.fetch, state.core, now());
      state.time[TIME.cycles] += bus.stall;
    } catch (error) {
      if (error instanceof BusFault) access.fault(error.cause, address, pc);
      throw error;
    }
  };
  return {
    /** Charges the line fill. */
    fetch(pc: number, length: number) {
      fetchWord(pc, pc);
      // An instruction may end in the next line.
      if ((pc & 3) + length > 4) fetchWord((pc + length - 1) | 0, pc);
    },
    /** Nothing can be fetched at `pc`: the bus says which exception that is. */
    fetchFault(pc: number) {
      try {
        bus.locate((pc & ~3) >>> 0, 4, ACCESS.fetch, state.core, now());
      } catch (error) {
        if (error instanceof BusFault) return exceptions.raise(error.cause, pc, pc);
        throw error;
      }
      return exceptions.raise(CAUSE.fetchError, pc, pc);
    },
  };
}

/** Attributes of the eight regions of 512 MB. */
function createAttributes({ dataAttributes }: SlowAccess) {
  const codeAttributes = new Uint8Array(8).fill(2);
  return {
    dataAttribute: (address: number) => dataAttributes[address >>> 29],
    codeAttribute: (address: number) => codeAttributes[address >>> 29],
    setDataAttribute(address: number, value: number) {
      dataAttributes[address >>> 29] = value & 15;
    },
    setCodeAttribute(address: number, value: number) {
      codeAttributes[address >>> 29] = value & 15;
    },
  };
}

/** The address registers that the window shows. */
function createVisibleRegisters({ special, ar }: CoreState): VisibleRegisters {
  const visible = (index: number) => (special[SR.windowbase] * 4 + index) & 63;
  return {
    get: (index) => ar[visible(index)],
    set(index, value) {
      ar[visible(index)] = value;
    },
  };
}

/** What the code of one core calls. */
export function createRuntime(parts: RuntimeParts): Caller {
  const { bus, state, access, exceptions, windows } = parts;
  const { special, time } = state;
  const registers = createVisibleRegisters(state);

  const slow = {
    ...access,
    ...windows,
    ...createFetches(parts),
    ...createAttributes(access),
    raise: (cause: number, pc: number) => exceptions.raise(cause, pc),
    /** @returns the vector, or where the error happened when it is not an architectural exception */
    caught(): number {
      const { error } = caller;
      caller.error = undefined;
      time[TIME.failed] = 0;
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
    divideStall(quotient: number, signed: number) {
      const magnitude = signed !== 0 ? Math.abs(quotient) : quotient;
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
      time[TIME.posted] = 0;
    },
    /** @param instruction an index of `debugPortInstructions` */
    debugPort(instruction: number, pc: number): never {
      throw new UnsupportedInstruction(
        debugPortInstructions[instruction],
        pc,
        'it belongs to the on-chip debug module, which is not simulated',
      );
    },
    simcall(pc: number, next: number) {
      // Without a host it is what the manual makes of it in hardware.
      if (!parts.simcall) return exceptions.raise(CAUSE.illegal, pc);
      const target = parts.simcall(registers, pc >>> 0);
      return target === undefined ? next : target | 0;
    },
  };

  const named = (prefix: string, functions: object) =>
    Object.fromEntries(
      Object.entries(functions).flatMap(([name, value]) =>
        typeof value === 'function' ? [[`${prefix}${name}`, value]] : [],
      ),
    );
  const fpu = createFpu(state.fpu);
  const caller: Caller = {
    functions: {
      ...named('$X.', slow),
      ...named('$F.', fpu),
      ...named('fpu_unit.', fpu),
      ...pieFunctions(state.pie),
    },
    time,
    error: undefined,
  };
  return caller;
}
