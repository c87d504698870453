/** Code as the translator reads it, ahead of its execution: bytes, decoded instructions, literals. */

import { latin1 } from '../../bytes.ts';
import { instructionLength } from '../../xtensa/index.ts';
import { type Bus, BusFault, PAGE_SHIFT } from '../bus/index.ts';
import { decodeInstruction, type Instruction, straddles } from './decode.ts';
import type { CodeRun, KeptFacts } from './kept.ts';
import { STRADDLE } from './timing.ts';
import type { Source } from './translate.ts';

/** Where bytes of code lie in the arena. */
export type ArenaRange = readonly [start: number, end: number];

/** What a translation asked for. */
export interface Asked {
  readonly instructions: Map<number, Instruction | undefined>;
  readonly constants: Map<number, number | undefined>;
}

export interface Code extends Source {
  /** Arena offset of code at `pc`, or -1. */
  offset(pc: number): number;
  /** Cycles that a transfer to `pc` costs because the instruction there crosses a fetch word. */
  straddle(pc: number): number;
  /** The instruction at `pc` is about to be executed: what the bus throws when it is read counts. */
  begin(pc: number): void;
  /** The same, writing down what it is asked for. */
  listening(asked: Asked): Source;
  /** The code that was asked for, as it is now. */
  runsOf(asked: Asked): CodeRun[];
  /** Where that code lies, if it is still the same; stores there are watched from now on. */
  match(kept: KeptFacts): ArenaRange[] | undefined;
}

const PAGE = 1 << PAGE_SHIFT;

/** Bytes [start, end) of the address space, at a page's end in two. */
const pieces = (start: number, end: number): [number, number][] => {
  const border = (Math.floor(start / PAGE) + 1) * PAGE;
  return end <= border ? [[start, end]] : [[start, border], ...pieces(border, end)];
};

/** Bytes [start, end) of instructions that follow one another; empty where none could be read. */
function spansOf(instructions: Asked['instructions']): [number, number][] {
  const joined: [number, number][] = [];
  for (const [pc, instruction] of [...instructions].sort(([one], [other]) => one - other)) {
    const last = joined.at(-1);
    if (instruction && last && last[1] >= pc && last[1] > last[0])
      last[1] = Math.max(last[1], instruction.next);
    else joined.push([pc, instruction?.next ?? pc]);
  }
  return joined;
}

/** Code that is asked for, which is written down. */
const listeningTo = (code: Code, { instructions, constants }: Asked): Source => ({
  isCached: code.isCached,
  fetchLine: code.fetchLine,
  warnUnaligned: code.warnUnaligned,
  decode(pc) {
    const instruction = code.decode(pc);
    instructions.set(pc, instruction);
    return instruction;
  },
  constantOffset(address) {
    const at = code.constantOffset(address);
    constants.set(address, at);
    return at;
  },
});

export function createCode(bus: Bus, warnUnaligned: boolean): Code {
  const { memory } = bus;
  const { loadMap, view } = memory;
  /** Start of the region that is being translated. */
  let translating = 0;
  /** A region looks at its neighbours' instructions, too. */
  const decoded = new Map<number, Instruction>();
  memory.onInvalidate(() => decoded.clear());

  const offset = (pc: number): number => {
    if (bus.isExecutable && !bus.isExecutable(pc)) return -1;
    const delta = loadMap[pc >>> PAGE_SHIFT];
    if (delta !== 0) return (pc + delta) | 0;
    return bus.peek ? bus.peek(pc >>> 0) : -1;
  };
  const byteAt = (pc: number): number => {
    const at = offset(pc);
    return at === -1 ? -1 : view.getUint8(at);
  };
  const markCode = ({ pc, next }: Instruction) => {
    const first = offset(pc);
    const last = offset((next - 1) >>> 0);
    // Pages that lie side by side in the address space may not do so in the arena.
    if (last - first === next - 1 - pc) memory.markCode(first, next - pc);
    else for (let byte = pc; byte < next; byte++) memory.markCode(offset(byte), 1);
  };
  const read = (pc: number): Instruction | undefined => {
    if (byteAt(pc) < 0) return undefined;
    const instruction = decodeInstruction(pc, byteAt);
    if (byteAt((instruction.next - 1) >>> 0) < 0) return undefined;
    decoded.set(pc, instruction);
    // What is known must be forgotten when its bytes change.
    markCode(instruction);
    return instruction;
  };

  const bytesAt = (at: number, length: number): string => latin1(memory.bytes.subarray(at, at + length));
  const constantOffset = (address: number) => {
    // A literal behind a cache costs time; one in instruction RAM does not, though only `peek` knows its place.
    if ((address & 3) !== 0 || bus.isCachedCode(address >>> 0)) return undefined;
    const at = offset(address);
    return at === -1 ? undefined : at;
  };
  /** Undefined where the bytes are others, or where the bus has something to say to that. */
  const matching = ({ runs, constants }: KeptFacts): ArenaRange[] | undefined => {
    try {
      const ranges: ArenaRange[] = [];
      for (const { address, bytes } of runs) {
        const at = offset(address);
        if ((at === -1) !== (bytes === '')) return undefined;
        if (bytes === '') continue;
        if (bytesAt(at, bytes.length) !== bytes) return undefined;
        ranges.push([at, at + bytes.length]);
      }
      return constants.every(([address, at]) => (constantOffset(address) ?? -1) === at) ? ranges : undefined;
    } catch {
      return undefined;
    }
  };

  const code: Code = {
    offset,
    decode(pc) {
      try {
        return decoded.get(pc) ?? read(pc);
      } catch (error) {
        // The translator looks ahead: what the bus says to that counts only where execution really is.
        if (error instanceof BusFault || pc !== translating) return undefined;
        throw error;
      }
    },
    constantOffset,
    isCached: (pc) => bus.isCachedCode(pc >>> 0),
    get fetchLine() {
      return bus.fetchLine;
    },
    warnUnaligned,
    straddle(pc) {
      if ((pc & 3) === 0) return 0;
      return straddles(pc, instructionLength(Math.max(byteAt(pc), 0))) ? STRADDLE : 0;
    },
    begin(pc) {
      translating = pc;
    },
    listening: (asked) => listeningTo(code, asked),
    runsOf: ({ instructions }) =>
      spansOf(instructions)
        .flatMap(([start, end]) => pieces(start, end))
        .map(([address, end]) => ({
          address,
          bytes: end === address ? '' : bytesAt(offset(address), end - address),
        })),
    match(kept) {
      const ranges = matching(kept);
      for (const [start, end] of ranges ?? []) memory.markCode(start, end - start);
      return ranges;
    },
  };
  return code;
}
