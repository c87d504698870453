/**
 * What a pass through the model costs the cores alone: the compiled program's forward pass and its search for the likeliest token, run
 * on two bare cores whose memory never makes them wait. What the memories behind the cache add is traffic.ts's to say.
 */
import { type Core, createCore, createFlatBus, type FlatBus } from '../chip/index.ts';
import { createAssembler, link } from '../xtensa/index.ts';
import type { Firmware } from './build.ts';
import { MAPPED_OFFSET, readImage } from './image.ts';
import { CACHED, INSTRUCTION_ALIAS, MMU_PAGE, roundUp, SRAM, SRAM0, SRAM1_END } from './memory.ts';
import { STACK_BYTES } from './system.ts';

/** Where nothing of ours lies: what a function returns to. */
const HARNESS = 0x40360000;
const PS = 230;
const PS_BARE = 0x2f;
const CPENABLE = 224;
/** Cycles of a core's turn, as on the whole chip. */
const TURN = 100;
/** A pass that takes longer than this hangs. */
const LONGEST = 1e9;

export interface IdealCores {
  /** Cycles from the call of a pass at this position to its end on both cores, the choice of the token included. */
  pass(position: number): number;
}

export function createIdealCores(firmware: Firmware): IdealCores {
  const { flash, cores: count, symbols, code } = firmware;
  const bus = memoryOf(flash);
  let waiting = 0;
  const cores: Core[] = ([0, 1] as const).map((core) =>
    createCore({
      bus,
      core,
      simcall: () => {
        waiting--;
        cores[core].running = false;
        cores[core].stop();
        return undefined;
      },
    }),
  );
  const functionOf = (name: string): number | undefined =>
    code.find((range) => range.name.endsWith(`/${name}`))?.entry;

  const begin = (core: 0 | 1, address: number, args: readonly number[]): void => {
    const { state } = cores[core];
    state.special[PS] = PS_BARE;
    state.special[CPENABLE] = 0xff;
    state.ar[0] = HARNESS;
    state.ar[1] = symbols.get(`item.stack${core}`)! + STACK_BYTES;
    args.forEach((value, index) => {
      state.ar[2 + index] = value;
    });
    state.pc = address;
    cores[core].running = true;
    cores[core].stateChanged();
    waiting++;
  };
  const finish = (): void => {
    for (let turn = cores[0].cycles; waiting > 0; turn += TURN) {
      for (const core of cores) core.runUntil(turn);
      if (turn > LONGEST)
        throw new Error(
          `a pass on bare cores does not end: core 0 is at 0x${cores[0].state.pc.toString(16)}`,
        );
    }
  };
  for (const core of cores) core.running = false;

  return {
    pass(position) {
      const start = Math.max(cores[0].cycles, cores[1].cycles);
      for (const core of cores) core.runUntil(start);
      const forward = functionOf('forwardCore');
      if (forward === undefined) throw new Error('the program has no forwardCore');
      const token = 1;
      for (const core of count === 2 ? ([0, 1] as const) : ([0] as const))
        begin(core, forward, [core, token, position, 1]);
      finish();
      const choose = functionOf('likeliest');
      if (choose !== undefined) {
        begin(0, choose, []);
        finish();
      }
      return cores[0].cycles - start;
    },
  };
}

/** All of the image where it will lie, and zeros. */
function memoryOf(flash: Uint8Array): FlatBus {
  const mapped = flash.subarray(Math.min(MAPPED_OFFSET, flash.length));
  const capacity = roundUp(mapped.length, MMU_PAGE) + EMPTY_OUTSIDE + INSIDE;
  const bus = createFlatBus(capacity, (address) => address >= CACHED.start && address < CACHED.end);
  bus.read = () => 0;
  bus.write = () => undefined;
  bus.provide(SRAM.start, SRAM.end - SRAM.start);
  bus.provide(SRAM0.start, SRAM0.end - SRAM0.start);
  bus.provide(SRAM.start + INSTRUCTION_ALIAS, SRAM1_END - SRAM.start);
  for (const { address, bytes } of readImage(flash).segments) {
    bus.load(address, bytes);
    if (address >= SRAM.start && address < SRAM1_END)
      bus.load(address + INSTRUCTION_ALIAS, bytes.subarray(0, SRAM1_END - address));
  }
  bus.load(CACHED.start, mapped);
  const asm = createAssembler();
  asm.function('back');
  asm.simcall();
  for (const { address, bytes } of link([asm.finish()], () => HARNESS).segments) bus.load(address, bytes);
  return bus;
}

/** A KV cache in PSRAM appears where it is touched, and needs bytes of the arena only then. */
const EMPTY_OUTSIDE = 8 << 20;
/** SRAM, the part of it that both buses reach twice. */
const INSIDE = 1 << 20;
