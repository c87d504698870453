/**
 * What a straight run of instructions costs, computed once when it is translated.
 *
 * The model is the interlocked five-stage pipeline of timing.ts: an instruction issues one cycle after the one before
 * it, later if an operand is not ready, a shared unit is taken, or its bytes have not been fetched.
 */
import { ADDRESS_USE, scalarRule } from '../../xtensa/index.ts';
import { pipelineRule } from '../pie/index.ts';
import type { Instruction } from './decode.ts';
import { EXTRA_ISSUE, FETCH_AHEAD, LONE_WIDE_STORE } from './timing.ts';

/** What earlier instructions still hold when a run begins; times count from its first issue slot. */
export interface Carry {
  /** By register ('AR5', 'QACC' …): `issue + usingStage` must reach this. */
  readonly ready: ReadonlyMap<string, number>;
  /** Units that the previous instruction takes in its stage 2. */
  readonly units2: number;
  /** Fetch slots that literals are about to take. */
  readonly stolen: number;
  /**
   * Words fetched beyond the one in which the run's first instruction begins; undefined after a transfer of control:
   * then just that instruction has been fetched.
   */
  readonly ahead: number | undefined;
  /** The previous instruction was a 128-bit access. */
  readonly wide: boolean;
}

/** After a taken transfer: the bubbles have emptied the pipeline and the fetch buffer. */
export const CLEAN: Carry = { ready: new Map(), units2: 0, stolen: 0, ahead: undefined, wide: false };

/** Why an instruction issues later than a cycle after the one before it, or keeps the next one waiting. */
export type Wait =
  /** An operand is not ready. */
  | 'result'
  /** Another instruction has a unit of the vector unit. */
  | 'unit'
  /** Its bytes have not been fetched. */
  | 'fetch'
  /** It takes more than one cycle itself. */
  | 'issue'
  /** A 128-bit store among other work. */
  | 'store';

/** Told of each wait: of the instruction with this number, and the register that it waits for, if it does. */
export type WaitListener = (index: number, wait: Wait, cycles: number, register?: string) => void;

export interface RunCost {
  /** Cycle in which each instruction issues, the first slot being 0. */
  readonly issue: readonly number[];
  /** Cycles until the next instruction's slot. */
  readonly total: number;
  readonly carry: Carry;
}

/** Registers that an instruction uses and defines, with stages; units by bit. */
interface Footprint {
  readonly uses: readonly (readonly [register: string, stage: number])[];
  readonly defines: readonly (readonly [register: string, stage: number])[];
  readonly units1: number;
  readonly units2: number;
}

function scalarFootprint(instruction: Instruction): Footprint {
  const opcode = instruction.opcode!;
  const rule = scalarRule(opcode.name);
  const uses: [string, number][] = [];
  const defines: [string, number][] = [];
  opcode.operands.forEach((operand, index) => {
    if (operand.kind !== 'register') return;
    const file = operand.regfile!.startsWith('BR') ? 'BR' : operand.regfile!;
    // Booleans are tracked as one register: groups of them overlap.
    const register = file === 'BR' ? 'BR' : `${file}${instruction.operands[index]}`;
    if (operand.dir !== 'out') uses.push([register, file === 'AR' ? ADDRESS_USE : rule.use]);
    if (operand.dir === 'in') return;
    const stage = rule.define[file as 'AR'] ?? 1;
    // An updated address register is an ALU result even where the loaded one is not.
    const isUpdate = operand.dir === 'inout' && file === 'AR' && opcode.operands.length > 1;
    defines.push([register, isUpdate ? 1 : stage]);
  });
  return { uses, defines, units1: 0, units2: 0 };
}

const isVector = (name: string) => name.startsWith('ee.') || name.endsWith('.qr');

function vectorFootprint(instruction: Instruction): Footprint {
  const opcode = instruction.opcode!;
  const rule = pipelineRule(opcode);
  const registerOf = (what: number | string) => {
    if (typeof what === 'string') return what;
    return `${opcode.operands[what].regfile}${instruction.operands[what]}`;
  };
  // The FPU takes and gives its registers a stage later than the PIE's own numbering says (timing.ts).
  const stageOf = (register: string, stage: number) => (register.startsWith('FR') ? 2 : stage);
  const entry = ({ what, stage }: { what: number | string; stage: number }) => {
    const register = registerOf(what);
    return [register, stageOf(register, stage)] as const;
  };
  return {
    uses: rule.uses.map(entry),
    defines: rule.defs.map(entry),
    units1: rule.units1,
    units2: rule.units2,
  };
}

const wideAccess =
  /^(ee\.(vld\.128|vst\.128|ld\.128|ldf\.128|stf\.128|vldhbc|ldqa)|.*\.(ld|st)\.(incp|ip|xp)|(ld|st)\.qr)/;
const wideStore = /^(ee\.vst\.128|ee\.stf\.128|st\.qr|.*\.st\.(incp|xp))/;

/** What a run's cost asks of an instruction, again for each way into it. */
interface Demand extends Footprint {
  /** A 128-bit access; one that stores. */
  readonly isWide: boolean;
  readonly isWideStore: boolean;
}

const NOTHING: Demand = { uses: [], defines: [], units1: 0, units2: 0, isWide: false, isWideStore: false };
const demands = new WeakMap<Instruction, Demand>();

function demandOf(instruction: Instruction): Demand {
  const known = demands.get(instruction);
  if (known) return known;
  const name = instruction.opcode?.name;
  if (name === undefined) return NOTHING;
  const demand: Demand = {
    ...(isVector(name) ? vectorFootprint(instruction) : scalarFootprint(instruction)),
    isWide: wideAccess.test(name),
    isWideStore: wideStore.test(name),
  };
  demands.set(instruction, demand);
  return demand;
}

/** Costs of `instructions`, which follow one another in memory, begun with `carry`; `note` hears why some cost more than a cycle. */
export function costOfRun(
  instructions: readonly Instruction[],
  carry: Carry,
  note: WaitListener = () => {},
): RunCost {
  const ready = new Map(carry.ready);
  let { units2, stolen, wide } = carry;
  const wordOf = (address: number) => Math.floor(address / 4);
  const lastWord = (instruction: Instruction) => wordOf(instruction.next - 1);
  const first = instructions[0];
  let fetched = 0;
  if (first) fetched = carry.ahead === undefined ? lastWord(first) : wordOf(first.pc) + carry.ahead;
  let now = 0;
  let fraction = 0;
  let loneStore = 0;
  const issue: number[] = [];
  const tick = (word: number) => {
    now++;
    if (stolen > 0) stolen--;
    else if (fetched < word + FETCH_AHEAD) fetched++;
  };
  instructions.forEach((instruction, index) => {
    const { opcode } = instruction;
    const name = opcode?.name ?? 'ill';
    const demand = demandOf(instruction);
    let earliest = now;
    let awaited: string | undefined;
    for (const [register, stage] of demand.uses) {
      const time = (ready.get(register) ?? 0) - stage;
      if (time > earliest) [earliest, awaited] = [time, register];
    }
    if (earliest > now) note(index, 'result', earliest - now, awaited);
    else if ((units2 & demand.units1) !== 0) {
      earliest = now + 1;
      note(index, 'unit', 1);
    }
    const word = lastWord(instruction);
    while (now < earliest || fetched < word) tick(word);
    if (now > earliest) note(index, 'fetch', now - earliest);
    issue.push(now);
    for (const [register, stage] of demand.defines) ready.set(register, now + stage + 1);
    units2 = demand.units2;
    if (name === 'l32r') stolen++;
    if (demand.isWideStore && !wide) {
      const following = instructions[index + 1];
      if (following?.opcode && !demandOf(following).isWide) {
        fraction += LONE_WIDE_STORE;
        loneStore = index;
      }
    }
    wide = demand.isWide;
    const extra = EXTRA_ISSUE[name] ?? 0;
    if (extra > 0) {
      units2 = 0;
      note(index, 'issue', extra);
    }
    for (let cycle = 0; cycle <= extra; cycle++) tick(word);
  });
  const fractions = Math.round(fraction);
  if (fractions > 0) note(loneStore, 'store', fractions);
  const total = now + fractions;
  const pending = [...ready]
    .filter(([, time]) => time > now + 1)
    .map(([key, time]) => [key, time - now] as const);
  const last = instructions.at(-1);
  const ahead = last ? fetched - wordOf(last.next) : undefined;
  return { issue, total, carry: { ready: new Map(pending), units2, stolen, ahead, wide } };
}
