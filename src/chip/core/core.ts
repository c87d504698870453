/**
 * One LX7 core: fetches, translates, runs, takes interrupts, counts cycles.
 *
 * Code is translated in regions (translate.ts) to WebAssembly functions that keep registers in local variables. This file
 * is the loop around them: find the region for the present address, run it, look whether an interrupt is due.
 */
import type { Bus } from '../bus/index.ts';
import { createSlowAccess, type Witness } from './access.ts';
import { type CompiledRegion, createRegionCache, type RegionCache } from './cache.ts';
import { createCode } from './code.ts';
import { createDebug, type Debug } from './debug.ts';
import { createExceptions, EDGE_LINES, EXTERNAL_LEVEL_LINES, type Exceptions } from './exceptions.ts';
import { createRegions } from './regions.ts';
import { createRuntime, type SimcallHandler } from './runtime.ts';
import { packVariant, VARIANT } from './select.ts';
import { createSlices, LONGEST_SLICE, type Slices } from './slices.ts';
import { createSpecialWriter } from './special-registers.ts';
import { type SpinParts, type SpinSearch, searchSpin } from './spin.ts';
import { type CoreState, CPENABLE, createCoreState, PS, SR, TIME } from './state.ts';
import { type Translations, translationsOf } from './translations.ts';
import type { TurnTaker } from './turns.ts';
import { LEFT } from './wasm/dispatch.ts';
import { joinLinker, type Linker } from './wasm/linker.ts';
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
  /** Cycles spent so far, by the address where the code begins that spent them: an entry or a place behind a call. */
  cyclesByCode(): Map<number, number>;
  /** For `runTogether`: the core's side of it. */
  readonly turns: TurnTaker;
  /** Reads of devices so far. */
  readonly deviceReads: number;
  /** Looks for a waiting loop at the place where the core is, while it runs. */
  searchSpin(): SpinSearch;
  /** Takes translations that an earlier run has kept; of other code they do no harm. The cores of a chip share them. */
  offerTranslations(bytes: Uint8Array): void;
  /** All translations of this run, if some of them are new. */
  keepTranslations(): Uint8Array | undefined;
  /** Makes `runUntil` return soon, before its time: something happened that others must see (core 1 was started). */
  stop(): void;
}

export interface CoreOptions {
  readonly bus: Bus;
  /** 0 or 1. */
  readonly core: number;
  /** Carries out SIMCALL; without it the instruction is illegal, as in hardware. */
  readonly simcall?: SimcallHandler;
  /** Called for each PIE access with an address that the hardware rounds down. */
  readonly onUnaligned?: (address: number, pc: number) => void;
}

/** PRID of core 0 and 1: the ROM tells them apart by the whole value. docs/esp32-s3.md C9.4. */
const PRID = [0xcdcd, 0xabab] as const;
const RESET_VECTOR = 0x40000400;
/** Special registers that are not 0 after reset. */
const RESET_VALUES: readonly (readonly [register: number, value: number])[] = [
  [SR.ps, PS.excm | PS.intlevel],
  [SR.vecbase, 0x40000000],
  [SR.windowstart, 1],
  [SR.atomctl, 0x28],
  // The manual leaves this open. Firmware in the field uses the FPU in constructors, before anything sets it: so all coprocessors are on.
  [SR.cpenable, 0xff],
];
/** Region attribute of cached memory, which all regions have after reset. */
const CACHED = 2;

/** What the loop around the regions works on. */
interface Parts {
  readonly state: CoreState;
  readonly slices: Slices;
  readonly exceptions: Exceptions;
  readonly debug: Debug;
  readonly regionAt: (pc: number) => CompiledRegion;
  /** Translated code calls the functions of this core from now on. */
  readonly activate: () => void;
  readonly translations: Translations;
  readonly spin: Pick<SpinParts, 'bus' | 'decode'> & { readonly listen: (to: Witness | undefined) => void };
  readonly cache: RegionCache;
  readonly linker: Linker;
  readonly dataAttributes: Uint8Array;
  /** Recomputes what translations rest on; asks for a look at the interrupts. */
  readonly changed: () => void;
}

/** What execution is about, beyond the architectural state. */
interface Mode {
  running: boolean;
  waiting: boolean;
  /** `runUntil` is to return early. */
  leaving: boolean;
  /** Levels of the external interrupt lines. */
  lines: number;
  /** An error of the host that surfaced inside translated code. */
  failure: unknown;
}

export function createCore(options: CoreOptions): Core {
  const mode: Mode = { running: true, waiting: false, leaving: false, lines: 0, failure: undefined };
  const parts = createParts(options, mode);
  const self = coreOf(parts, mode);
  self.reset();
  return self;
}

function createParts({ bus, core, simcall, onUnaligned }: CoreOptions, mode: Mode): Parts {
  const state = createCoreState(core, bus.memory);
  const { special, time } = state;
  const slices = createSlices(state);
  const changed = () => {
    const enabled = special[SR.cpenable];
    time[TIME.variant] = packVariant({
      free: freeGroups(state),
      fpu: (enabled & CPENABLE.fpu) !== 0,
      pie: (enabled & CPENABLE.pie) !== 0,
      excm: (special[SR.ps] & PS.excm) !== 0,
      debug: debug.isArmed(),
    });
    time[TIME.attention] = 1;
  };
  const exceptions = createExceptions(state, changed);
  const debug = createDebug(state, exceptions, bus.memory);
  const access = createSlowAccess(bus, state, slices.now, debug.watch);
  const cache = createRegionCache(bus.memory, core);
  const code = createCode(bus, onUnaligned !== undefined);
  if (onUnaligned) state.pie.onUnaligned = onUnaligned;
  const caller = createRuntime({
    bus,
    state,
    access,
    exceptions,
    windows: createWindows(state, exceptions, changed, code.straddle),
    writeSpecial: createSpecialWriter(state, changed, slices.retime, debug.update),
    straddle: code.straddle,
    now: slices.now,
    changed,
    wait() {
      mode.waiting = true;
      slices.stop();
    },
    fail(error) {
      mode.failure = error;
      slices.stop();
    },
    simcall,
  });
  const { linker, activate } = joinLinker(bus.memory, core, caller);
  const translations = translationsOf(bus.memory, linker);
  const regionAt = createRegions(state, code, cache, translations, linker);
  return {
    state,
    slices,
    exceptions,
    debug,
    regionAt,
    activate,
    translations,
    spin: { bus, decode: code.decode, listen: access.listen },
    cache,
    linker,
    dataAttributes: access.dataAttributes,
    changed,
  };
}

/** Takes the interrupt that is due, if one is. @returns where to go on */
function takeInterrupt({ state, exceptions }: Parts, pc: number): number {
  state.time[TIME.attention] = 0;
  const level = exceptions.pendingLevel();
  return level === 0 ? pc : exceptions.interrupt(level, pc);
}

/** Runs up to `length` cycles from the present moment. */
function runSlice(parts: Parts, mode: Mode, length: number): void {
  const { slices } = parts;
  parts.activate();
  slices.begin(length);
  try {
    runToLimit(parts);
  } finally {
    // The bus may throw through the translator (code that is not the core's to run).
    slices.settle();
  }
  throwFailure(mode);
}

function runToLimit(parts: Parts): void {
  const { state, debug, regionAt, cache, linker } = parts;
  const { time, base } = state;
  do {
    if (linker.run(base) === LEFT.done) return;
    // An interrupt, an instruction to be looked at, or code that the dispatcher does not know yet.
    if (time[TIME.attention] !== 0) time[TIME.pc] = takeInterrupt(parts, time[TIME.pc]);
    const pc = time[TIME.pc];
    if ((time[TIME.variant] & VARIANT.debug) !== 0) {
      const vector = debug.before(pc);
      if (vector !== undefined) {
        time[TIME.pc] = vector;
        continue;
      }
    }
    const region = regionAt(pc);
    if (cache.isInSlot(region) && (time[TIME.variant] & VARIANT.debug) === 0) continue;
    const before = time[TIME.cycles];
    time[TIME.pc] = region.run(base);
    region.cycles += time[TIME.cycles] - before;
  } while (time[TIME.cycles] < time[TIME.limit]);
}

/** What translated code could not throw itself. */
function throwFailure(mode: Mode): void {
  if (mode.failure === undefined) return;
  const { failure } = mode;
  mode.failure = undefined;
  throw failure;
}

/** Whether the core may execute: an interrupt ends WAITI. */
function isAwake({ exceptions }: Parts, mode: Mode): boolean {
  if (mode.waiting && exceptions.pendingLevel() !== 0) mode.waiting = false;
  return !mode.waiting;
}

function reset({ state, slices, debug, dataAttributes, changed }: Parts, mode: Mode): void {
  const { special, core } = state;
  special.fill(0);
  for (const [register, value] of RESET_VALUES) special[register] = value;
  special[SR.prid] = PRID[core];
  debug.update();
  dataAttributes.fill(CACHED);
  mode.waiting = false;
  mode.lines = 0;
  slices.reset();
  state.pc = RESET_VECTOR;
  changed();
}

function setInterruptLines({ state, slices }: Parts, mode: Mode, lines: number): void {
  const { special, time } = state;
  const rising = lines & ~mode.lines & EDGE_LINES;
  mode.lines = lines;
  const others = special[SR.interrupt] & ~EXTERNAL_LEVEL_LINES;
  special[SR.interrupt] = others | (lines & EXTERNAL_LEVEL_LINES) | rising;
  time[TIME.attention] = 1;
  slices.stop();
}

function runUntil(parts: Parts, mode: Mode, until: number): void {
  const { slices } = parts;
  mode.leaving = false;
  while (slices.now() < until && !mode.leaving) {
    const cycles = slices.until(until);
    if (!mode.running) slices.sleep(cycles);
    else if (isAwake(parts, mode)) runSlice(parts, mode, cycles);
    else slices.sleep(Math.min(cycles, slices.untilTimer(), LONGEST_SLICE));
  }
}

/** One pending interrupt, or one instruction: as with a breakpoint armed, translations are then of one. */
function step(parts: Parts, mode: Mode): void {
  if (!mode.running || !isAwake(parts, mode)) return;
  const { state, slices } = parts;
  const { time } = state;
  if (time[TIME.attention] !== 0) {
    const pc = takeInterrupt(parts, state.pc | 0);
    if (pc !== (state.pc | 0)) {
      state.pc = pc >>> 0;
      slices.settle();
      return;
    }
  }
  const variant = time[TIME.variant];
  time[TIME.variant] |= VARIANT.debug;
  runSlice(parts, mode, 1);
  const isSame = (time[TIME.variant] & ~VARIANT.debug) === (variant & ~VARIANT.debug);
  if (isSame) time[TIME.variant] = variant;
}

function turnTaker(parts: Parts, mode: Mode): TurnTaker {
  const { state, slices, linker } = parts;
  return {
    state,
    run: linker.turns,
    begin(first, quantum) {
      // Not more than nothing where memory has kept it beyond the end of the first turn: then it has no share in that.
      const ahead = first - slices.now();
      if (!mode.running || !isAwake(parts, mode)) return 0;
      mode.leaving = false;
      parts.spin.bus.memory.shared[1] = 0;
      const room = Math.floor((slices.untilTimer() - 1 - ahead) / quantum);
      if (room > 0) slices.begin(ahead);
      return room;
    },
    end: slices.settle,
    fail: () => throwFailure(mode),
  };
}

/** What the search for waiting loops needs. */
function spinParts(parts: Parts, mode: Mode): SpinParts {
  const { state, slices, regionAt, activate } = parts;
  const { time, base } = state;
  let witness: Witness | undefined;
  return {
    ...parts.spin,
    state,
    now: slices.now,
    instructions: slices.instructions,
    untilTimer: slices.untilTimer,
    pass: slices.pass,
    advance: (until) => runUntil(parts, mode, until),
    trace(pc) {
      activate();
      time[TIME.variant] |= VARIANT.debug;
      return regionAt(pc | 0).run(base);
    },
    account(pc, cycles) {
      regionAt(pc | 0).cycles += cycles;
    },
    isReady: () =>
      mode.running &&
      !mode.waiting &&
      time[TIME.attention] === 0 &&
      (time[TIME.variant] & (VARIANT.debug | VARIANT.excm)) === 0,
    asRunning(work) {
      const { running } = mode;
      mode.running = true;
      work();
      mode.running = running;
    },
    get witness() {
      return witness;
    },
    set witness(next) {
      witness = next;
      parts.spin.listen(next);
    },
  };
}

function coreOf(parts: Parts, mode: Mode): Core {
  const { state, slices, dataAttributes, changed } = parts;
  return {
    state,
    dataAttributes,
    get cycles() {
      return slices.now();
    },
    get instructions() {
      return slices.instructions();
    },
    get running() {
      return mode.running;
    },
    set running(value) {
      mode.running = value;
      if (!value) slices.stop();
    },
    get waiting() {
      return mode.waiting;
    },
    reset: () => reset(parts, mode),
    stateChanged: changed,
    setInterruptLines: (lines) => setInterruptLines(parts, mode, lines),
    runUntil: (until) => runUntil(parts, mode, until),
    step: () => step(parts, mode),
    cyclesByCode: parts.cache.spent,
    turns: turnTaker(parts, mode),
    get deviceReads() {
      return parts.spin.bus.deviceReads?.[state.core] ?? 0;
    },
    searchSpin: () => searchSpin(spinParts(parts, mode)),
    offerTranslations: parts.translations.offer,
    keepTranslations: parts.translations.keep,
    stop() {
      mode.leaving = true;
      slices.stop();
    },
  };
}
