/**
 * Where the cycles of a run go, instruction by instruction. The core is stepped, which tells what an instruction costs by itself
 * (a taken branch, a quotient); over the steps are laid the costs of the very blocks that the translator would make of the code
 * (translate.ts), which tell who waits for whom. So the sum is what the run takes in one go.
 */
import type { Bus } from '../bus/index.ts';
import { createCode } from './code.ts';
import type { Core } from './core.ts';
import type { Instruction } from './decode.ts';
import type { ActiveLoop, Block } from './graph.ts';
import { type Carry, CLEAN, costOfRun, type Wait } from './pipeline.ts';
import { unpackVariant } from './select.ts';
import { SR, TIME } from './state.ts';
import { STRADDLE, TAKEN } from './timing.ts';
import { carryBack, type Plan, planRegion } from './translate.ts';

/** What cycles beyond an instruction's first go to. */
export type CycleReason =
  | Wait
  /** A taken branch, a jump, a call or a return cancels what was behind it. */
  | 'taken'
  /** The target of a transfer crosses a fetch word. */
  | 'straddle'
  /** The divider works out the quotient. */
  | 'divide'
  /** A cache, flash or PSRAM keeps it waiting, or another's access. */
  | 'memory'
  /** An exception is entered. */
  | 'exception';

export interface Extra {
  readonly reason: CycleReason;
  /** The register that it waits for: `a4`, `f1`, `q0`, `QACC`. */
  readonly register?: string;
  readonly cycles: number;
}

/** What became of the instruction at an address. */
export interface ExplainedLine {
  readonly address: number;
  /** How often it ran. */
  readonly times: number;
  /** Of all those times; more than `times` by the sum of the extras. */
  readonly cycles: number;
  /** The largest first. */
  readonly extras: readonly Extra[];
}

export interface Explainer {
  /** One instruction on. */
  step(): void;
  /** By address, of the steps so far, or since the last time that it was asked. */
  lines(): ExplainedLine[];
}

interface Charge {
  readonly address: number;
  readonly reason: CycleReason;
  readonly register: string | undefined;
  readonly cycles: number;
}

interface Tally {
  times: number;
  cycles: number;
  readonly extras: Map<string, { reason: CycleReason; register: string | undefined; cycles: number }>;
}

const DIVISIONS = new Set(['quou', 'quos', 'remu', 'rems']);

/** `AR4` is a4 to those who write it. */
const registerName = (register: string): string =>
  register.replace(/^(A|F|M|B|Q)R(\d*)$/, (_, file, index) => file.toLowerCase() + index);

type ByAddress = ReadonlyMap<number, readonly Charge[]>;

/** What a block costs beyond a cycle an instruction, begun with `carry`. */
function chargesOf({ instructions }: Block, carry: Carry): Charge[] {
  const charges: Charge[] = [];
  costOfRun(instructions, carry, (index, reason, cycles, register) =>
    charges.push({
      address: instructions[index].pc,
      reason,
      cycles,
      register: register && registerName(register),
    }),
  );
  return charges;
}

function byAddress(charges: readonly Charge[]): ByAddress {
  const found = new Map<number, Charge[]>();
  for (const charge of charges) found.set(charge.address, [...(found.get(charge.address) ?? []), charge]);
  return found;
}

/** Plans of the code around where the core is, as `regions.ts` chooses among translations. */
function createPlans(core: Core, bus: Bus): (pc: number) => Plan | undefined {
  const { special, time } = core.state;
  const code = createCode(bus, false);
  const plans = new Map<string, Plan | undefined>();
  const made = (pc: number, loop: ActiveLoop | undefined): Plan | undefined => {
    code.begin(pc);
    return planRegion(pc, unpackVariant(time[TIME.variant]), code, loop);
  };
  return (pc) => {
    const key = `${pc} ${time[TIME.variant]}`;
    if (!plans.has(key)) plans.set(key, made(pc, undefined));
    const plan = plans.get(key);
    const end = special[SR.lend] >>> 0;
    if (!plan || special[SR.lcount] === 0 || plan.region.loops.has(end)) return plan;
    if (!encloses(plan, end)) return plan;
    // A loop is on that began outside.
    const inLoop = made(pc, { begin: special[SR.lbeg] >>> 0, end });
    plans.set(key, inLoop);
    return inLoop;
  };
}

const encloses = ({ instructions }: Plan, end: number): boolean =>
  instructions.some(({ pc }) => pc < end) && instructions.some(({ next }) => next >= end);

/** Where in a plan the core is. */
interface Place {
  readonly plan: Plan;
  readonly block: Block;
  readonly index: number;
}

const placeAt = (plan: Plan | undefined, pc: number): Place | undefined => {
  const block = plan?.region.blocks.get(pc);
  return plan && block ? { plan, block, index: 0 } : undefined;
};

/** With what the block at `next` begins, if execution ran on to it or the loop hardware sent it back. */
function carryInto({ plan, block }: Place, next: number): Carry | undefined {
  const { carry } = plan.costs.get(block.start)!;
  if (next === block.end) return carry;
  return plan.region.loops.get(block.end) === next ? carryBack(carry) : undefined;
}

/** Whether translated code leaves its region there, though the target is in it. */
const leaves = ({ plan, block }: Place, next: number): boolean =>
  !plan.region.blocks.has(next) || plan.shape.edge(block.start, next) === 'irreducible';

/** What `cycles` beyond those of its pipeline are that an instruction takes by itself; `strays`: the next one is not behind it. */
function dynamicExtras(
  { opcode }: Instruction,
  isTransfer: boolean,
  strays: boolean,
  cycles: number,
): [CycleReason, number][] {
  if (opcode && DIVISIONS.has(opcode.name)) return [['divide', cycles]];
  const taken = isTransfer && cycles >= TAKEN ? TAKEN : 0;
  const straddle = isTransfer || strays ? Math.min(STRADDLE, cycles - taken) : 0;
  return [
    ['taken', taken],
    ['straddle', straddle],
    ['memory', cycles - taken - straddle],
  ];
}

/** What an instruction costs by itself, and what it waits for beyond that as the only one of a hardware loop: worked out once. */
function createOwnCosts(): (instruction: Instruction) => { alone: number; ofSelf: number } {
  const known = new WeakMap<Instruction, { alone: number; ofSelf: number }>();
  return (instruction) => {
    const found = known.get(instruction);
    if (found) return found;
    const { total, carry } = costOfRun([instruction], CLEAN);
    const costs = { alone: total, ofSelf: costOfRun([instruction], carryBack(carry)).total - total };
    known.set(instruction, costs);
    return costs;
  };
}

export function createExplainer(core: Core, bus: Bus): Explainer {
  const planAt = createPlans(core, bus);
  const tallies = new Map<number, Tally>();
  const tallyOf = (address: number): Tally => {
    const known = tallies.get(address);
    if (known) return known;
    const fresh: Tally = { times: 0, cycles: 0, extras: new Map() };
    tallies.set(address, fresh);
    return fresh;
  };
  const charge = ({ address, reason, register, cycles }: Charge): void => {
    const tally = tallyOf(address);
    const key = `${reason} ${register ?? ''}`;
    const extra = tally.extras.get(key) ?? { reason, register, cycles: 0 };
    extra.cycles += cycles;
    tally.cycles += cycles;
    tally.extras.set(key, extra);
  };
  const remembered = createCharges();
  const costsOf = createOwnCosts();
  let place: Place | undefined;

  /** The place behind a block that is done; undefined where translated code would leave its region. */
  const behind = (from: Place, next: number, wasTaken: boolean): Place | undefined => {
    const { plan, block } = from;
    const last = block.instructions.at(-1)!;
    const { target, fallsThrough } = plan.flow(last);
    if (fallsThrough && !wasTaken) for (const one of remembered.inherited(from, next)) charge(one);
    if (plan.selected(last).kind === 'raise' || leaves(from, next)) return undefined;
    return target !== undefined || fallsThrough ? placeAt(plan, next) : undefined;
  };
  const moveOn = (from: Place, next: number, wasTaken: boolean): Place | undefined => {
    const index = from.index + 1;
    if (index === from.block.instructions.length) return behind(from, next, wasTaken);
    return from.block.instructions[index].pc === next ? { ...from, index } : undefined;
  };

  return {
    step() {
      const { pc } = core.state;
      // ENTRY stands before its region.
      const here = place ?? placeAt(planAt(pc), pc);
      const before = { cycles: core.cycles, instructions: core.instructions };
      core.step();
      const took = core.cycles - before.cycles;
      const tally = tallyOf(pc);
      tally.times++;
      place = undefined;
      if (!here) {
        tally.cycles += took;
        return;
      }
      const instruction = here.block.instructions[here.index];
      // What an exception keeps from happening is not counted.
      const costs = costsOf(instruction);
      const alone = core.instructions > before.instructions ? costs.alone : 0;
      if (alone > 0) tally.cycles++;
      for (const one of remembered.own(here.block).get(pc) ?? []) charge(one);
      const { target } = here.plan.flow(instruction);
      const next = core.state.pc;
      const isOwnLoop = next === pc && target !== pc;
      const beyond = took - alone - (isOwnLoop ? costs.ofSelf : 0);
      const isTransfer = here.plan.selected(instruction).kind === 'ending';
      const extras: [CycleReason, number][] =
        alone === 0
          ? [['exception', beyond]]
          : dynamicExtras(instruction, isTransfer, next !== instruction.next, beyond);
      for (const [reason, cycles] of extras)
        if (cycles > 0) charge({ address: pc, reason, cycles, register: undefined });
      const wasTaken = target !== undefined && beyond >= TAKEN;
      place = moveOn(here, next, wasTaken);
    },
    lines() {
      const lines = [...tallies]
        .map(([address, { times, cycles, extras }]) => ({
          address,
          times,
          cycles,
          extras: [...extras.values()]
            .filter((extra) => extra.cycles !== 0)
            .sort((one, other) => other.cycles - one.cycles),
        }))
        .sort((one, other) => one.address - other.address);
      tallies.clear();
      return lines;
    },
  };
}

/** Charges of blocks, worked out once. */
function createCharges() {
  const owns = new WeakMap<Block, ByAddress>();
  const inherits = new WeakMap<Block, Map<number, readonly Charge[]>>();
  return {
    /** Of a block that begins with nothing under way. */
    own(block: Block): ByAddress {
      const found = owns.get(block) ?? byAddress(chargesOf(block, CLEAN));
      owns.set(block, found);
      return found;
    },
    /** What a block adds to those of the block behind it. */
    inherited(from: Place, next: number): readonly Charge[] {
      const known = inherits.get(from.block) ?? new Map<number, readonly Charge[]>();
      inherits.set(from.block, known);
      const found = known.get(next) ?? hazards(from, next);
      known.set(next, found);
      return found;
    },
  };
}

function hazards(from: Place, next: number): Charge[] {
  const block = from.plan.region.blocks.get(next);
  const carry = carryInto(from, next);
  if (!block || !carry) return [];
  const without = chargesOf(block, CLEAN).map((charge) => ({ ...charge, cycles: -charge.cycles }));
  return [...chargesOf(block, carry), ...without];
}
