/** The ROM as a process in simulated time: boots core 0, dumps exceptions, ends programs that return. */

import { BusFault } from '../../bus/index.ts';
import { type Core, PS, SR } from '../../core/index.ts';
import type { Alarm, Clock } from '../clock.ts';
import type { Peripherals } from '../peripherals.ts';
import type { SocBus } from '../soc-bus.ts';
import { boot } from './boot.ts';
import { createRomConsole, type RomRoutine } from './console.ts';
import { createDownload } from './download.ts';
import { handOver, ROM_FRAMES } from './handover.ts';
import { halt, LoaderFault } from './loader.ts';
import { createRomMemory } from './memory.ts';
import { describePanic } from './panic.ts';

export interface Rom {
  /** Starts over at the reset vector of core 0. */
  boot(): void;
  /** Dumps the exception of a core whose VECBASE is the ROM's. */
  panic(core: 0 | 1): void;
  /** The program returned to the ROM. */
  userCodeDone(): void;
  /** Whether core 0 is in the ROM. */
  isRunning(): boolean;
}

export interface RomOptions {
  readonly bus: SocBus;
  readonly clock: Clock;
  readonly cores: readonly [Core, Core];
  readonly peripherals: Peripherals;
  readonly flash: Uint8Array;
  reset(reason: number): void;
}

/** The word-copy loop of the loader, as the PC of its accesses. */
const LOADER_PC = 0x40045abc;
const CAUSE_LOAD_STORE_ERROR = 3;

export function createRom(options: RomOptions): Rom {
  const { bus, clock, cores, peripherals, flash } = options;
  const console = createRomConsole(peripherals.uarts[0], peripherals.usb, () => clock.ticks);
  const memory = createRomMemory(bus, clock, LOADER_PC);
  const running: { alarm: Alarm | undefined; isActive: boolean }[] = [0, 1].map(() => ({
    alarm: undefined,
    isActive: false,
  }));

  /** Runs a routine on behalf of a core until it returns. */
  const start = <Result>(core: 0 | 1, routine: RomRoutine<Result>, done: (result: Result) => void) => {
    const process = running[core];
    process.alarm?.cancel();
    process.isActive = true;
    const step = () => {
      try {
        const { done: isDone, value } = routine.next();
        if (isDone) {
          process.isActive = false;
          done(value as Result);
        } else process.alarm = clock.after(Math.max(value as number, 1) * clock.ticksPerCycle, step);
      } catch (error) {
        if (!(error instanceof BusFault)) throw error;
        faultInRom(core, error);
      }
    };
    process.alarm = clock.after(0, step);
  };
  /** An access of the loader itself ended in an exception. */
  const faultInRom = (core: 0 | 1, fault: BusFault) => {
    const { state } = cores[core];
    handOver(cores[core], 'image', LOADER_PC, fault instanceof LoaderFault ? fault.registers : {});
    cores[core].running = false;
    state.special[SR.exccause] = fault.cause || CAUSE_LOAD_STORE_ERROR;
    state.special[SR.excvaddr] = fault.address;
    state.special[SR.epc1] = LOADER_PC;
    state.special[SR.ps] |= PS.excm;
    rom.panic(core);
  };
  /** Word of plain memory for the backtrace. */
  const peekWord = (address: number): number | undefined => {
    const delta = bus.memory.loadMap[address >>> 12];
    return delta === 0 || address & 3 ? undefined : bus.memory.view.getUint32((address + delta) | 0, true);
  };
  const flashReadCycles = (bytes: number) => peripherals.cached.readCycles(bytes);
  const download = createDownload({ ...options, memory });

  const printAndHalt = function* (text: string): RomRoutine<never> {
    console.silent = false;
    yield* console.print(text);
    return yield* halt();
  };

  const rom: Rom = {
    boot() {
      cores[0].running = false;
      running[1].alarm?.cancel();
      const routine = boot({
        console,
        memory,
        peripherals,
        flash,
        flashReadCycles,
        download,
        resetAgain: () => options.reset(peripherals.rtc.resetReason(0)),
      });
      start(0, routine, (result) => {
        if (!result) return rom.userCodeDone();
        for (const [address, value] of ROM_FRAMES) memory.store(address, value);
        handOver(cores[0], 'image', result.entry, result.kind === 'image' ? result.registers : {});
      });
    },
    panic(core) {
      start(core, printAndHalt(describePanic(cores[core].state, { peek: peekWord })), () => {});
    },
    userCodeDone() {
      start(0, printAndHalt('user code done\n'), () => {});
    },
    isRunning: () => running[0].isActive,
  };
  return rom;
}
