/** State of a core at the first instruction of the program (docs/esp32-s3.md C9.4, C9.5). */

import { type Core, SR } from '../../core/index.ts';

interface HandOver {
  readonly windowbase: number;
  readonly windowstart: number;
  readonly ps: number;
  /** Visible registers; the others are 0. */
  readonly registers: Readonly<Record<number, number>>;
  /** Special registers beside those of reset. */
  readonly special: Readonly<Record<number, number>>;
  readonly attributes: readonly number[];
}

const ROM_ATTRIBUTES = [15, 1, 1, 2, 2, 2, 2, 2]; // 0x2222211F, region 0 first
const RESET_ATTRIBUTES = [2, 2, 2, 2, 2, 2, 2, 2];

/** Handlers of the ROM's levels 2 to 5, MEMCTL and ATOMCTL. */
const ROM_SPECIAL: Readonly<Record<number, number>> = {
  [SR.excsave1 + 1]: 0x40034ff4,
  [SR.excsave1 + 2]: 0x400350c4,
  [SR.excsave1 + 3]: 0x40035190,
  [SR.excsave1 + 4]: 0x40035300,
  [SR.memctl]: 1,
  [SR.atomctl]: 0x15,
  [SR.vecbase]: 0x40000000,
};

/** Left by the ROM's last loop and shift. */
const CORE_0_SPECIAL: Readonly<Record<number, number>> = {
  ...ROM_SPECIAL,
  [SR.lbeg]: 0x4004f705,
  [SR.lend]: 0x4004f709,
  [SR.sar]: 5,
};

/** Core 0, called with CALL8 from 0x40045C01. */
const CORE_0: HandOver = {
  windowbase: 3,
  windowstart: 0x8,
  ps: 0x00060520,
  registers: {
    0: 0x80043ab9,
    1: 0x3fceb570,
    3: 0x3fceb670,
    4: 0x3fceb55c,
    8: 0x80045c04,
    9: 0x3fceb520,
    10: 0x11,
    11: 0x3ff1b1c2,
  },
  special: CORE_0_SPECIAL,
  attributes: ROM_ATTRIBUTES,
};

/** Core 1 after the ROM's wait for an address. */
const CORE_1: HandOver = {
  windowbase: 1,
  windowstart: 0x3,
  ps: 0x00060020,
  registers: {
    0: 0x40034c48,
    1: 0x3fced6f0,
    3: 0x600c0004,
    4: 0x40057d3c,
    8: 0x80043a46,
    // The ROM's own frame, one window back.
    61: 0x3fced710,
    62: 0xabab,
    63: 0xabab,
  },
  special: ROM_SPECIAL,
  attributes: ROM_ATTRIBUTES,
};

/** Core 1 called at once because bit 31 of CORE_1_CONTROL_1 was set: all as after reset. */
const CORE_1_EARLY: HandOver = {
  windowbase: 0,
  windowstart: 1,
  ps: 0x1f,
  registers: { 0: 0x40000475 },
  special: {},
  attributes: RESET_ATTRIBUTES,
};

const HAND_OVERS = { image: CORE_0, core1: CORE_1, 'core1-early': CORE_1_EARLY } as const;

/** Return addresses and stack pointers of the ROM's frames behind the program's, as a backtrace finds them on the stack. */
export const ROM_FRAMES: readonly (readonly [address: number, value: number])[] = [
  [0x3fceb560, 0x40034c48],
  [0x3fceb564, 0x3fceb6f0],
  [0x3fceb6e0, 0],
  [0x3fceb6e4, 0x3fceb710],
];

/**
 * Resets the core and starts it at `entry` in the state in which the ROM does.
 * @param left what depends on the image that was loaded, in visible registers
 */
export function handOver(
  core: Core,
  kind: keyof typeof HAND_OVERS,
  entry: number,
  left: Readonly<Record<number, number>> = {},
): void {
  const { windowbase, windowstart, ps, registers, special, attributes } = HAND_OVERS[kind];
  const { state } = core;
  core.reset();
  state.ar.fill(0);
  state.special[SR.windowbase] = windowbase;
  state.special[SR.windowstart] = windowstart;
  state.special[SR.ps] = ps;
  for (const [number, value] of Object.entries(special)) state.special[Number(number)] = value;
  const set = (index: number, value: number) => {
    state.ar[(windowbase * 4 + index) & 63] = value;
  };
  if (kind !== 'core1-early') set(2, entry);
  for (const [index, value] of Object.entries({ ...registers, ...left })) set(Number(index), value);
  core.dataAttributes.set(attributes);
  state.pc = entry >>> 0;
  core.stateChanged();
  core.running = true;
}
