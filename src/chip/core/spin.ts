/**
 * Waiting loops: a core that polls memory, and changes nothing until it finds something else there. What its iterations take is known once
 * two were measured, and as long as what it reads is as it was they need not be executed: the same cycles and instructions pass.
 */
import { type Bus, PAGE_SHIFT } from '../bus/index.ts';
import type { Instruction } from './decode.ts';
import { type CoreState, LAYOUT, STATE_BYTES, TIME } from './state.ts';

export interface Spin {
  /** Whether the core is at the loop's beginning and would find what it found. */
  holds(): boolean;
  /** Lets iterations pass until the core's cycle count is `cycle` or more. */
  skipTo(cycle: number): void;
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
  /** Told of loads while it is set. */
  listener: ((address: number) => void) | undefined;
}

/** Reads and computes, and nothing else. */
const harmless =
  /^(l8ui|l16ui|l16si|l32i(\.n)?|l32r|memw|nop(\.n)?|add(i|mi|x[248])?(\.n)?|sub(x[248])?|and|or|xor|neg|abs|extui|sext|movi?(\.n)?|mov(eqz|nez|ltz|gez)|s[lr][la]i?|ss[lr]|ssai|min|max|minu|maxu|salt|saltu|mull|j|call0|ret(\.n)?|b(eq|ne|ge|lt|any|none|all|nall|b[cs]).*)$/;
const LONGEST_LOOP = 80;
/** Places where an iteration may be left before it comes round. */
const MOST_PARTS = 12;

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
  const visit = (): Visit => ({ cycles: now(), instructions: instructions(), registers: registersOf(state) });
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
        if (!same(here.registers, last.registers) || !parts.isReady()) return null;
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

/** All but the words about time. */
function registersOf(state: CoreState): Int32Array {
  const registers = blockOf(state).slice();
  registers.fill(0, ...TIME_WORDS);
  return registers;
}

function same(one: Int32Array, other: Int32Array): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
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
  const words = [...reads].map((offset) => [offset, view.getInt32(offset, true)] as const);
  const variant = state.time[TIME.variant];
  const pass = (iterations: number) => {
    if (iterations <= 0) return;
    parts.pass(iterations * period.cycles, iterations * period.instructions);
    parts.account(start, iterations * period.cycles);
  };
  const most = () => Math.floor((parts.untilTimer() - 1) / period.cycles);
  return {
    holds() {
      if (state.pc !== start || !parts.isReady() || state.time[TIME.variant] !== variant) return false;
      for (const [offset, value] of words) if (view.getInt32(offset, true) !== value) return false;
      return true;
    },
    skipTo: (cycle) => pass(Math.min(Math.ceil((cycle - now()) / period.cycles), most())),
  };
}

/** Goes round once, leaving everything as it is. @returns where in the memory it reads; undefined where an instruction or a read may do more than read */
function traced(parts: SpinParts, start: number): Set<number> | undefined {
  const { bus, state, decode, trace } = parts;
  const block = blockOf(state);
  const before = block.slice();
  const registers = registersOf(state);
  const words = new Set<number>();
  let refused = false;
  parts.listener = (address) => {
    const delta = bus.memory.loadMap[address >>> PAGE_SHIFT];
    if (delta !== 0) words.add(((address & ~3) + delta) | 0);
    else refused = true;
  };
  let pc = start;
  let comesRound = false;
  try {
    for (let steps = 0; steps < LONGEST_LOOP && !refused && !comesRound; steps++) {
      const name = decode(pc)?.opcode?.name;
      if (name === undefined || !harmless.test(name) || bus.isCachedCode(pc >>> 0)) break;
      pc = trace(pc) >>> 0;
      comesRound = pc === start;
    }
    comesRound &&= same(registersOf(state), registers);
  } finally {
    parts.listener = undefined;
    block.set(before);
  }
  return comesRound && !refused ? words : undefined;
}
