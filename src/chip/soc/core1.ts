/** Core 1 between reset and its program: held, in the ROM's wait loop, or running (docs/esp32-s3.md C6, C9.5). */

import { type Core, SR } from '../core/index.ts';
import type { Alarm, Clock } from './clock.ts';
import { handOver } from './rom/handover.ts';
import type { RtcControl } from './rtc-control.ts';
import { CORE_1_CONTROL_1, type SystemRegisters } from './system.ts';

/** ROM code from the reset vector to the first look at CORE_1_CONTROL_1, and on to the wait loop; assumed. */
const FIRST_LOOK_CYCLES = 20;
const SET_UP_CYCLES = 400;
/** Poll of the register, window set-up and CALL8. */
const POLL_CYCLES = 30;
const CALL_AT_ONCE = 0x80000000;

export interface Core1 {
  /** A register that holds, stalls, resets or directs core 1 was written. */
  controlChanged(): void;
  /** Chip or CPU reset. */
  reset(): void;
  /** The program returned into the ROM's wait loop. */
  waitAgain(): void;
}

export interface Core1Options {
  /** The chip has its own ROM, whose code does what is played here otherwise. */
  readonly ownRom: boolean;
  /** VECBASE at the program's entry, when it is not the ROM's. */
  readonly vecbase: number | undefined;
}

export function createCore1(
  core: Core,
  clock: Clock,
  system: SystemRegisters,
  rtc: RtcControl,
  { ownRom, vecbase }: Core1Options,
): Core1 {
  let phase: 'reset' | 'rom' | 'waiting' | 'program' = 'reset';
  let alarm: Alarm | undefined;

  const later = (cycles: number, action: () => void) => {
    alarm?.cancel();
    alarm = clock.after(cycles * clock.ticksPerCycle, () => {
      alarm = undefined;
      action();
    });
  };
  const enter = (kind: 'core1' | 'core1-early', entry: number) => {
    phase = 'program';
    handOver(core, kind, entry);
    if (vecbase !== undefined) core.state.special[SR.vecbase] = vecbase;
    core.running = mayRun();
  };
  const mayRun = () => system.core1Released() && !rtc.stalled(1);
  const address = () => system.registers.get(CORE_1_CONTROL_1);

  const look = () => {
    if (phase !== 'waiting' || alarm || address() === 0 || !mayRun()) return;
    later(POLL_CYCLES, () => enter('core1', address()));
  };
  const setUp = () => {
    phase = 'rom';
    later(SET_UP_CYCLES, () => {
      phase = 'waiting';
      look();
    });
  };
  const begin = () => {
    if (ownRom) {
      phase = 'program';
      core.reset();
      core.running = true;
      return;
    }
    phase = 'rom';
    later(FIRST_LOOK_CYCLES, () => {
      if (address() >= CALL_AT_ONCE) enter('core1-early', address() & 0x7fffffff);
      else setUp();
    });
  };
  const hold = () => {
    alarm?.cancel();
    alarm = undefined;
    phase = 'reset';
    core.running = false;
  };

  return {
    controlChanged() {
      if (system.core1InReset()) {
        hold();
        return;
      }
      const runs = mayRun();
      if (phase === 'reset' && runs) begin();
      else if (phase === 'program' && core.running !== runs) core.running = runs;
      else look();
    },
    reset() {
      hold();
      if (!system.core1InReset() && mayRun()) begin();
    },
    waitAgain() {
      core.running = false;
      setUp();
    },
  };
}
