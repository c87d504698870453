/**
 * Waiting loops: a core that polls memory and devices, and changes nothing until it finds something else there. What its iterations take is
 * known once two were measured, and as long as what it reads is as it was they need not be executed: the same cycles and instructions pass.
 */
import { type Bus, PAGE_SHIFT } from '../bus/index.ts';
import type { Witness } from './access.ts';
import type { Instruction } from './decode.ts';
import { watchClock } from './spin-clock.ts';
import { type CoreState, LAYOUT, SR, STATE_BYTES, TIME } from './state.ts';

export interface Spin {
  /** Whether it would go on waiting up to `cycle`, as things are now. */
  holds(cycle: number): boolean;
  /** Goes on up to `cycle`, to the cycle where all iterations executed would have ended. @returns false where it waits no longer: then less far */
  run(cycle: number): boolean;
  /** Nobody but the other core ends the wait: up to then the core's time may be left behind. */
  readonly mayLag: boolean;
  /** Goes on up to `cycle`, until when all that it reads was as it was found, though it is no longer. */
  catchUp(cycle: number): void;
}

/** What the search needs of the core. */
export interface SpinParts {
  readonly bus: Bus;
  readonly state: CoreState;
  readonly now: () => number;
  readonly instructions: () => number;
  /** Cycles until the next timer match. */
  readonly untilTimer: () => number;
  /** Lets time pass, and counts instructions as executed. */
  readonly pass: (cycles: number, instructions: number) => void;
  /** Executes up to the next place where the core may be left. */
  readonly advance: (until: number) => void;
  readonly decode: (pc: number) => Instruction | undefined;
  /** Executes one instruction, its memory reached the slow way, without the core's time or interrupts. @returns where to go on */
  readonly trace: (pc: number) => number;
  /** Puts cycles down to the code at `pc`. */
  readonly account: (pc: number, cycles: number) => void;
  readonly isReady: () => boolean;
  /** Does something with the core as if nobody had stopped it. */
  readonly asRunning: (work: () => void) => void;
  /** Watches what is traced. */
  witness: Witness | undefined;
}

/** Reads, computes, stores what is there already, and nothing else; what of it may read the counter is spin-clock.ts's to say. */
const harmless =
  /^(s8i|s16i|s32i(\.n)?|l8ui|l16ui|l16si|l32i(\.n)?|l32r|memw|nop(\.n)?|add(i|mi|x[248])?(\.n)?|sub(x[248])?|and|or|xor|neg|abs|extui|sext|movi?(\.n)?|mov(eqz|nez|ltz|gez)|s[lr][la]i?|ss[lr]|ssai|min|max|minu|maxu|salt|saltu|mull|rsr\.ccount|j|call0|ret(\.n)?|b(eq|ne|ge|lt|any|none|all|nall|b[cs]).*)$/;
const isHarmless = ({ opcode }: Instruction): boolean => opcode !== undefined && harmless.test(opcode.name);
const LONGEST_LOOP = 120;
/** Places where an iteration may be left before it comes round. */
const MOST_PARTS = 24;

interface Visit {
  readonly cycles: number;
  readonly instructions: number;
  readonly registers: Int32Array;
}

export interface SpinSearch {
  /** Runs the core until `until`, as ever, and watches what comes round. @returns the loop once it is known; null when there is none */
  run(until: number): Spin | null | undefined;
}

/** Begins at the place where the core is. */
export function searchSpin(parts: SpinParts): SpinSearch {
  const { state, now, instructions, advance } = parts;
  const start = state.pc;
  const visit = (): Visit => ({
    cycles: now(),
    instructions: instructions(),
    registers: blockOf(state).slice(),
  });
  let last = visit();
  let period: { cycles: number; instructions: number } | undefined;
  let count = 0;
  return {
    run(until) {
      while (now() < until) {
        advance(Math.min(now() + 1, until));
        if (state.pc !== start) {
          if (++count > MOST_PARTS) return null;
          continue;
        }
        count = 0;
        const here = visit();
        if (!equal(here.registers, last.registers) || !parts.isReady()) return null;
        const found = {
          cycles: here.cycles - last.cycles,
          instructions: here.instructions - last.instructions,
        };
        last = here;
        if (period?.cycles === found.cycles && period.instructions === found.instructions)
          return spinOf(parts, start, found) ?? null;
        period = found;
      }
      return undefined;
    },
  };
}

const TIME_WORDS = [LAYOUT.time / 4, LAYOUT.mr / 4] as const;

const blockOf = ({ pie, base }: CoreState): Int32Array => new Int32Array(pie.buffer, base, STATE_BYTES / 4);

/** A core's registers as they change, and as they are. */
function snapshotOf(state: CoreState): { block: Int32Array; found: Int32Array } {
  const block = blockOf(state);
  return { block, found: block.slice() };
}

/** Whether all registers are the same; what is about time is none. */
function equal(one: Int32Array, other: Int32Array): boolean {
  for (let i = 0; i < TIME_WORDS[0]; i++) if (one[i] !== other[i]) return false;
  for (let i = TIME_WORDS[1]; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function spinOf(
  parts: SpinParts,
  start: number,
  period: { cycles: number; instructions: number },
): Spin | undefined {
  const { bus, state, now } = parts;
  const reads = traced(parts, start);
  if (!reads) return undefined;
  const { view } = bus.memory;
  const words = [...reads.words].map((offset) => [offset, view.getInt32(offset, true)] as const);
  const registers = [...reads.registers];
  const variant = state.time[TIME.variant];
  const { block, found } = snapshotOf(state);
  /** Where the core was left. */
  let left = start;
  /** What the counter is ahead of the core's time. */
  const counterAhead = () => (state.time[TIME.ccountBase] + state.time[TIME.cycles] - now()) | 0;
  const foundAhead = counterAhead();
  /** From this cycle on an iteration may go another way, as it asks what time it is. */
  const steadyUntil = now() + reads.steadyCycles - period.cycles;
  const untilChange = () => Math.min(parts.untilTimer() - 1, steadyUntil - now());
  const most = () => Math.floor(untilChange() / period.cycles);
  const nextEvent = () => bus.nextEvent?.() ?? Number.POSITIVE_INFINITY;
  const isAsFound = (): boolean => {
    if (!parts.isReady() || state.time[TIME.variant] !== variant) return false;
    if (now() >= steadyUntil || counterAhead() !== foundAhead) return false;
    for (const [offset, value] of words) if (view.getInt32(offset, true) !== value) return false;
    for (const [address, value] of registers) if (bus.steady?.(address) !== value) return false;
    return true;
  };
  /** Executes up to the loop's beginning. @returns whether it was reached before `cycle`, if it can be */
  const comeRound = (cycle: number): boolean => {
    for (let places = 0; state.pc !== start && now() < cycle && places <= MOST_PARTS; places++)
      parts.advance(Math.min(now() + 1, cycle));
    return now() < cycle;
  };
  const run = (cycle: number): boolean => {
    if (comeRound(cycle)) {
      if (state.pc !== start || !isAsFound() || !equal(block, found)) return false;
      // An iteration that goes on behind the end is executed: what it finds there may be new, and others have their turn where it is left.
      const end = registers.length > 0 ? Math.min(cycle, nextEvent()) : cycle;
      const iterations = Math.min(Math.floor((end - now()) / period.cycles), most());
      if (iterations > 0) {
        parts.pass(iterations * period.cycles, iterations * period.instructions);
        parts.account(start, iterations * period.cycles);
      }
      parts.advance(cycle);
    }
    left = state.pc;
    return true;
  };
  return {
    mayLag: registers.length === 0 && state.special[SR.intenable] === 0,
    holds: (cycle) =>
      state.pc === left &&
      isAsFound() &&
      cycle - now() <= untilChange() - period.cycles &&
      (registers.length === 0 || nextEvent() >= cycle),
    run,
    catchUp(cycle) {
      // Somebody else may have put the core to another place, or may have stopped it since.
      if (state.pc !== left) return;
      const present = words.map(([offset, value]) => {
        const there = view.getInt32(offset, true);
        view.setInt32(offset, value, true);
        return there;
      });
      parts.asRunning(() => run(cycle));
      for (const [index, [offset]] of words.entries()) view.setInt32(offset, present[index], true);
    },
  };
}

/** Where in the memory a loop reads or stores, and what it reads of devices. */
interface Places {
  readonly words: Set<number>;
  readonly registers: Map<number, number>;
}

interface Reads extends Places {
  /** In which it goes the same way, as far as it asks for the time. */
  readonly steadyCycles: number;
}

/** Writes down what is read, and whether something is done that is more than waiting. */
function witnessOf({ memory, steady }: Bus): Places & Witness & { readonly refused: boolean } {
  const { loadMap, storeMap, view } = memory;
  const words = new Set<number>();
  const registers = new Map<number, number>();
  let refused = false;
  const refuse = (): number => {
    refused = true;
    return 0;
  };
  const place = (map: Int32Array, address: number): number => {
    const delta = map[address >>> PAGE_SHIFT];
    return delta === 0 ? 0 : (address + delta) | 0;
  };
  return {
    words,
    registers,
    get refused() {
      return refused;
    },
    load(address) {
      const at = place(loadMap, address);
      if (at !== 0) words.add(at & ~3);
    },
    store(address, bytes, value) {
      const at = place(storeMap, address);
      if (at === 0) return void refuse();
      const mask = bytes === 4 ? -1 : (1 << (8 * bytes)) - 1;
      const there = view.getInt32(at & ~3, true) >>> (8 * (at & 3));
      if (((there ^ value) & mask) !== 0) refuse();
      words.add(at & ~3);
    },
    readDevice(address, bytes) {
      const value = bytes === 4 ? steady?.(address >>> 0) : undefined;
      if (value === undefined) return refuse();
      registers.set(address >>> 0, value);
      return value | 0;
    },
  };
}

/** Goes round once, leaving everything as it is. @returns undefined where an instruction or a read may do more than read */
function traced(parts: SpinParts, start: number): Reads | undefined {
  const { bus, state, decode, trace } = parts;
  if (bus.nextEvent && bus.nextEvent() <= parts.now()) return undefined; // devices are not up to date
  const block = blockOf(state);
  const before = block.slice();
  const witness = witnessOf(bus);
  const clock = watchClock(state);
  parts.witness = witness;
  let pc = start;
  let comesRound = false;
  try {
    for (let steps = 0; steps < LONGEST_LOOP && !witness.refused && !comesRound; steps++) {
      const instruction = decode(pc);
      if (!instruction || !isHarmless(instruction) || bus.isCachedCode(pc >>> 0)) break;
      if (!clock.follow(instruction)) break;
      pc = trace(pc) >>> 0;
      comesRound = pc === start;
    }
    comesRound &&= equal(block, before);
  } finally {
    parts.witness = undefined;
    block.set(before);
  }
  const { words, registers, refused } = witness;
  return comesRound && !refused ? { words, registers, steadyCycles: clock.steadyCycles } : undefined;
}
