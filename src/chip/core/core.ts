/**
 * One LX7 core: fetches, translates, runs, takes interrupts, counts cycles.
 *
 * Code is translated in regions (translate.ts) to JavaScript functions that keep registers in local variables. This file
 * is the loop around them: find the region for the present address, run it, look whether an interrupt is due.
 */
import { type Bus, BusFault, PAGE_SHIFT } from '../bus/index.ts';
import { createSlowAccess } from './access.ts';
import { type CompiledRegion, createRegionCache, frontSlot } from './cache.ts';
import { createDebug } from './debug.ts';
import { decodeInstruction, type Instruction } from './decode.ts';
import { createExceptions, EDGE_LINES, EXTERNAL_LEVEL_LINES } from './exceptions.ts';
import { createRuntime, type SimcallHandler } from './runtime.ts';
import { packVariant, unpackVariant } from './select.ts';
import { createSpecialWriter, createTimers } from './special-registers.ts';
import { type CoreState, createCoreState, SR } from './state.ts';
import { type Source, translate } from './translate.ts';
import { createWindows, freeGroups } from './windows.ts';

/** What the chip holds of a core. */
export interface Core {
  readonly state: CoreState;
  /** Cycles since reset of the chip (a double). */
  readonly cycles: number;
  /** Instructions executed since reset. */
  readonly instructions: number;
  /** False while the core is stalled, clock-gated or held in reset: it then costs nothing to simulate. */
  running: boolean;
  /** True while it waits in WAITI. */
  readonly waiting: boolean;
  /** Region attributes of the data side, 4 bits per 512 MB; 15 = no access. */
  readonly dataAttributes: Uint8Array;
  /** Puts the core into its reset state (PC at the reset vector 0x40000400, VECBASE 0x40000000, PS 0x1F). */
  reset(): void;
  /** To be called after `state` was written from outside. */
  stateChanged(): void;
  /** External interrupt lines 0..31 as levels (from the interrupt matrix). Edge lines latch on a rising edge. */
  setInterruptLines(lines: number): void;
  /** Runs until the chip's cycle count `until` (or a little beyond: instructions are not split). */
  runUntil(until: number): void;
  /** Executes one instruction (or takes one pending interrupt). */
  step(): void;
  /** Makes `runUntil` return soon, before its time: something happened that others must see (core 1 was started). */
  stop(): void;
}

export interface CoreOptions {
  readonly bus: Bus;
  /** 0 or 1. */
  readonly core: number;
  /** Carries out SIMCALL; without it the instruction is refused by name. */
  readonly simcall?: SimcallHandler;
  /** Called for each PIE access with an address that the hardware rounds down. */
  readonly onUnaligned?: (address: number, pc: number) => void;
}

/** PRID of core 0 and 1: the ROM tells them apart by the whole value. docs/esp32-s3.md C9.4. */
const PRID = [0xcdcd, 0xabab] as const;
const RESET_VECTOR = 0x40000400;
const LONGEST_SLICE = 2 ** 30;

export function createCore({ bus, core, simcall, onUnaligned }: CoreOptions): Core {
  const state = createCoreState(core);
  const { special, time } = state;
  const { memory } = bus;
  const { loadMap, view } = memory;
  let base = 0;
  let instructions = 0;
  let running = true;
  let waiting = false;
  let lines = 0;
  let failure: unknown;
  let leaving = false;

  const now = () => base + time[0];
  /** Ends the running slice at the next back edge. */
  const stop = () => {
    time[2] = -1;
  };
  /** Recomputes what translations rest on; asks for a look at the interrupts. */
  const changed = () => {
    const enabled = special[SR.cpenable];
    time[4] = packVariant({
      free: freeGroups(state),
      fpu: (enabled & 1) !== 0,
      pie: (enabled & 8) !== 0,
      excm: (special[SR.ps] & 16) !== 0,
      debug: debug.isArmed(),
    });
    time[5] = 1;
  };

  const exceptions = createExceptions(state, () => changed());
  const debug = createDebug(state, exceptions);
  const access = createSlowAccess(bus, state, now, debug.watch);
  const timers = createTimers(state);
  const cache = createRegionCache(memory);

  /** Cycle of the next timer match; 0 when it must be computed anew. */
  let timerCycle = 0;
  const retime = () => {
    timers.look();
    timerCycle = 0;
    stop();
  };

  /** Arena offset of code at `pc`, or -1. */
  const codeOffset = (pc: number): number => {
    if (bus.isExecutable && !bus.isExecutable(pc)) return -1;
    const delta = loadMap[pc >>> PAGE_SHIFT];
    if (delta !== 0) return (pc + delta) | 0;
    return bus.peek ? bus.peek(pc >>> 0) : -1;
  };
  const byteAt = (pc: number): number => {
    const offset = codeOffset(pc);
    return offset === -1 ? -1 : view.getUint8(offset);
  };

  /** Start of the region that is being translated. */
  let translating = 0;
  /** Decoded instructions: a region looks at its neighbours' too. */
  const decoded = new Map<number, Instruction>();
  memory.onInvalidate(() => decoded.clear());

  const markCode = ({ pc, next }: Instruction) => {
    const first = codeOffset(pc);
    const last = codeOffset((next - 1) >>> 0);
    // Pages that lie side by side in the address space may not do so in the arena.
    if (last - first === next - 1 - pc) memory.markCode(first, next - pc);
    else for (let byte = pc; byte < next; byte++) memory.markCode(codeOffset(byte), 1);
  };

  const source: Source = {
    decode(pc) {
      const known = decoded.get(pc);
      if (known) return known;
      try {
        if (byteAt(pc) < 0) return undefined;
        const instruction = decodeInstruction(pc, byteAt);
        if (byteAt((instruction.next - 1) >>> 0) < 0) return undefined;
        decoded.set(pc, instruction);
        // What is known must be forgotten when its bytes change.
        markCode(instruction);
        return instruction;
      } catch (error) {
        // The translator looks ahead: what the bus says to that counts only where execution really is.
        if (error instanceof BusFault || pc !== translating) return undefined;
        throw error;
      }
    },
    constantOffset(address) {
      // A literal behind a cache costs time; one in instruction RAM does not, though only `peek` knows its place.
      if ((address & 3) !== 0 || bus.isCachedCode(address >>> 0)) return undefined;
      const offset = codeOffset(address);
      return offset === -1 ? undefined : offset;
    },
    isCached: (pc) => bus.isCachedCode(pc >>> 0),
    fetchLine: bus.fetchLine,
    warnUnaligned: onUnaligned !== undefined,
  };
  if (onUnaligned) state.pie.onUnaligned = onUnaligned;

  const straddle = (pc: number): number => {
    if ((pc & 3) === 0) return 0;
    const first = Math.max(byteAt(pc), 0);
    // Lengths by first nibble: 0-7 three, 8-13 two, 14-15 four bytes.
    const length = (first & 15) >= 14 ? 4 : (first & 8) !== 0 ? 2 : 3;
    return (pc & 3) + length > 4 ? 1 : 0;
  };

  const runtime = createRuntime({
    bus,
    state,
    access,
    exceptions,
    windows: createWindows(state, exceptions, () => changed(), straddle),
    writeSpecial: createSpecialWriter(state, () => changed(), retime, cache.clear),
    straddle,
    now,
    changed: () => changed(),
    wait: () => {
      waiting = true;
      stop();
    },
    fail: (error) => {
      failure = error;
      stop();
    },
    simcall,
  });

  const compile = (pc: number, variant: number, loop: { begin: number; end: number } | undefined) => {
    translating = pc >>> 0;
    const translation = translate(pc >>> 0, unpackVariant(variant), source, loop);
    const offsets = translation.instructions.map((instruction) => codeOffset(instruction.pc));
    const addresses = translation.instructions.flatMap(({ pc: at, next }) => [at, next]);
    const region: CompiledRegion = {
      pc: pc | 0,
      variant,
      run: runtime.instantiate(translation.text, pc),
      low: Math.min(...addresses),
      high: Math.max(...addresses),
      loopEnds: translation.loopEnds,
      offsets,
    };
    // What cannot be fetched now may be mapped later without notice.
    if (translation.instructions.length > 0) cache.add(region);
    return region;
  };

  const regionAt = (pc: number): CompiledRegion => {
    const variant = time[4];
    const slot = frontSlot(pc, variant);
    let region = cache.slots[slot];
    if (region === undefined || region.pc !== pc || region.variant !== variant) {
      region = cache.find(pc, variant) ?? compile(pc, variant, undefined);
      cache.slots[slot] = region;
    }
    if (special[SR.lcount] !== 0) {
      const end = special[SR.lend] >>> 0;
      if (end > region.low && end <= region.high && !region.loopEnds.has(end)) {
        region = compile(pc, variant, { begin: special[SR.lbeg] >>> 0, end });
      }
    }
    return region;
  };

  /** Takes the interrupt that is due, if one is. */
  const takeInterrupt = (pc: number): number => {
    time[5] = 0;
    const level = exceptions.pendingLevel();
    if (level === 0) return pc;
    waiting = false;
    return exceptions.interrupt(level, pc);
  };

  /** Runs up to `length` cycles from the present moment. */
  const slice = (length: number) => {
    if (timerCycle === 0) timerCycle = base + timers.untilNext();
    time[2] = Math.min(length, timerCycle - base, LONGEST_SLICE);
    let pc = state.pc | 0;
    try {
      do {
        if (time[5] !== 0) pc = takeInterrupt(pc);
        if ((time[4] & 32) !== 0) {
          const vector = debug.before(pc);
          if (vector !== undefined) {
            pc = vector;
            continue;
          }
        }
        pc = regionAt(pc).run();
      } while (time[0] < time[2]);
    } finally {
      // The bus may throw through the translator (code that is not the core's to run).
      state.pc = pc >>> 0;
      settle();
    }
  };

  /** Turns the slice's counters into totals. */
  const settle = () => {
    const elapsed = time[0];
    if (timerCycle === 0 || base + elapsed >= timerCycle) {
      timers.look();
      timerCycle = 0;
    }
    timers.beginSlice();
    base += elapsed;
    instructions += time[1];
    time[3] += elapsed;
    time[0] = 0;
    time[1] = 0;
    if (special[SR.interrupt] !== 0) time[5] = 1;
    if (failure !== undefined) {
      const error = failure;
      failure = undefined;
      throw error;
    }
  };

  /** Lets simulated time pass without executing. */
  const sleep = (cycles: number) => {
    time[0] += cycles;
    settle();
  };

  const wakes = () => {
    if (exceptions.pendingLevel() !== 0) waiting = false;
    return !waiting;
  };

  const self: Core = {
    state,
    dataAttributes: access.dataAttributes,
    get cycles() {
      return base + time[0];
    },
    get instructions() {
      return instructions + time[1];
    },
    get running() {
      return running;
    },
    set running(value) {
      running = value;
      if (!value) stop();
    },
    get waiting() {
      return waiting;
    },
    reset() {
      special.fill(0);
      special[SR.ps] = 0x1f;
      special[SR.vecbase] = 0x40000000;
      special[SR.prid] = PRID[core];
      special[SR.windowstart] = 1;
      special[SR.atomctl] = 0x28;
      access.dataAttributes.fill(2);
      waiting = false;
      lines = 0;
      timerCycle = 0;
      state.pc = RESET_VECTOR;
      changed();
    },
    stateChanged: () => changed(),
    setInterruptLines(next) {
      const rising = next & ~lines & EDGE_LINES;
      lines = next;
      special[SR.interrupt] =
        (special[SR.interrupt] & ~EXTERNAL_LEVEL_LINES) | (next & EXTERNAL_LEVEL_LINES) | rising;
      time[5] = 1;
      stop();
    },
    runUntil(until) {
      leaving = false;
      while (now() < until && !leaving) {
        if (!running) return sleep(until - base);
        if (waiting && !wakes()) sleep(Math.min(until - base, timers.untilNext(), LONGEST_SLICE));
        else slice(until - base);
      }
    },
    step() {
      if (!running || (waiting && !wakes())) return;
      const variant = time[4];
      time[4] |= 32;
      slice(1);
      if ((time[4] & ~32) === (variant & ~32)) time[4] = variant;
    },
    stop() {
      leaving = true;
      stop();
    },
  };
  self.reset();
  return self;
}
