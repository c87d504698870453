/**
 * SYSTEM registers (TRM chapter 17; docs/esp32-s3.md C5, C6, C9.4): which clock the CPUs run on, the release of core 1,
 * clock gates, software interrupts between the cores.
 */

import { TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext, RC_FAST_HERTZ } from './context.ts';
import { createRegisterBlock, type Peripheral, type RegisterBlock } from './peripheral.ts';
import { hex } from './warnings.ts';

export const CORE_1_CONTROL_0 = 0x00;
export const CORE_1_CONTROL_1 = 0x04;
const CPU_PER_CONF = 0x10;
const PERIP_CLK_EN0 = 0x18;
const PERIP_RST_EN0 = 0x20;
const LEDC = 1 << 11;
const UART1 = 1 << 5;
const INTR_FROM_CPU_0 = 0x30;
const SYSCLK_CONF = 0x60;

const INTR_FROM_CPU_SOURCE = 79;

export interface SystemRegisters extends Peripheral {
  readonly registers: RegisterBlock;
  /** Hertz of the APB bus: 80 MHz on the PLL, else the CPU's clock. */
  apbHertz(): number;
  /** Hertz of the clock that flash and PSRAM divide: 80 MHz on the PLL, the crystal before. */
  memoryClockHertz(): number;
  /** What CORE_1_CONTROL_0 says: clock on, not in reset, not halted. */
  core1Released(): boolean;
  core1InReset(): boolean;
  /** LEDC has its clock and is not held in reset. */
  ledcRuns(): boolean;
  /** UART1 has a clock and is not in reset. */
  uart1Runs(): boolean;
}

export interface SystemOptions {
  readonly base: number;
  /** Why the PLL cannot be used now, or undefined when it runs at 480 MHz. */
  pllProblem(): string | undefined;
  /** Called around every change of the CPU clock. */
  clockChanging(): void;
  clockChanged(): void;
  onCore1Change(): void;
}

/** CPU clock in ticks per cycle from the two configuration registers. */
function cpuTicksPerCycle(sysclk: number, cpuPer: number): number {
  const select = (sysclk >>> 10) & 3;
  const divider = (sysclk & 0x3ff) + 1;
  if (select === 1) return [6, 3, 2, 2][cpuPer & 3];
  const source = select === 0 ? CRYSTAL_HERTZ : RC_FAST_HERTZ;
  return Math.round(TICKS_PER_SECOND / source) * divider;
}

export function createSystemRegisters(context: PeripheralContext, options: SystemOptions): SystemRegisters {
  const { clock, warnings } = context;

  const onPll = () => ((block.get(SYSCLK_CONF) >>> 10) & 3) === 1;
  const updateClock = () => {
    const next = cpuTicksPerCycle(block.get(SYSCLK_CONF), block.get(CPU_PER_CONF));
    if (onPll()) {
      const problem = options.pllProblem();
      if (problem) {
        warnings.once(
          'pll',
          options.base + SYSCLK_CONF,
          `the CPU was switched to the PLL, but ${problem}: a real chip stops here`,
        );
      }
    }
    clock.setTicksPerCycle(next);
  };
  const clockRegister = (offset: number, reset: number) => ({
    reset,
    write(value: number) {
      options.clockChanging();
      block.set(offset, value);
      updateClock();
      options.clockChanged();
      return value;
    },
  });
  const core1Register = (offset: number, reset: number) => ({
    reset,
    write(value: number) {
      block.set(offset, value);
      options.onCore1Change();
      return block.get(offset);
    },
  });
  const crossInterrupt = (index: number) => ({
    write(value: number) {
      context.interrupt(INTR_FROM_CPU_SOURCE + index, (value & 1) !== 0);
      return value & 1;
    },
  });

  const block = createRegisterBlock({
    name: 'SYSTEM',
    base: options.base,
    size: 0x1000,
    warnings,
    plain: [[0x64, 0xa8]],
    registers: {
      [CORE_1_CONTROL_0]: core1Register(CORE_1_CONTROL_0, 0x4),
      [CORE_1_CONTROL_1]: core1Register(CORE_1_CONTROL_1, 0),
      [0x08]: 0x00000000, // CPU_PERI_CLK_EN
      [0x0c]: 0x000000c0, // CPU_PERI_RST_EN
      [CPU_PER_CONF]: clockRegister(CPU_PER_CONF, 0x0000000c),
      [0x14]: 0x00000001, // MEM_PD_MASK
      [PERIP_CLK_EN0]: 0xf9c1e06f,
      [0x1c]: 0x00000600, // PERIP_CLK_EN1
      [PERIP_RST_EN0]: 0x00000000,
      [0x24]: 0x000001fe, // PERIP_RST_EN1
      [0x28]: 0x000000ff, // BT_LPCK_DIV_INT
      [0x2c]: 0x02001001, // BT_LPCK_DIV_FRAC
      [INTR_FROM_CPU_0]: crossInterrupt(0),
      [INTR_FROM_CPU_0 + 4]: crossInterrupt(1),
      [INTR_FROM_CPU_0 + 8]: crossInterrupt(2),
      [INTR_FROM_CPU_0 + 12]: crossInterrupt(3),
      [0x40]: 0x00000001, // RSA_PD_CTRL
      [0x44]: 0x00000001, // EDMA_CTRL
      [0x48]: 0x00000005, // CACHE_CONTROL: both cache clocks on, no reset
      [0x4c]: 0x00000000, // EXTERNAL_DEVICE_ENCRYPT_DECRYPT_CONTROL
      [0x50]: 0x7f500000, // RTC_FASTMEM_CONFIG
      [0x54]: 0x00000000, // RTC_FASTMEM_CRC
      [0x58]: 0x00000000, // REDUNDANT_ECO_CTRL
      [0x5c]: 0x00000001, // CLOCK_GATE
      [SYSCLK_CONF]: clockRegister(SYSCLK_CONF, 0x00000001),
      [0xffc]: 0x02101220, // DATE
    },
  });

  const control0 = () => block.get(CORE_1_CONTROL_0);
  const runs = (bit: number) =>
    (block.get(PERIP_CLK_EN0) & bit) !== 0 && (block.get(PERIP_RST_EN0) & bit) === 0;
  return {
    ...block,
    registers: block,
    reset() {
      options.clockChanging();
      block.reset();
      updateClock();
      options.clockChanged();
    },
    apbHertz: () => (onPll() ? 80_000_000 : clock.cpuHertz),
    memoryClockHertz: () => (onPll() ? 80_000_000 : CRYSTAL_HERTZ),
    core1Released: () => (control0() & 0b111) === 0b010,
    ledcRuns: () => runs(LEDC),
    uart1Runs: () => runs(UART1),
    core1InReset: () => (control0() & 0b100) !== 0,
  };
}

/** @returns the analog set-up's fault for the PLL, from its own registers (docs/esp32-s3.md C5 step 4). */
export function describePllFault(registers: Uint8Array): string | undefined {
  const wanted: readonly (readonly [register: number, mask: number, value: number])[] = [
    [2, 0xff, 0x50],
    [3, 0xff, 0x08],
    [4, 0xff, 0x6b],
    [5, 0x77, 0x00],
    [6, 0xff, 0x73],
    [9, 0x02, 0x02], // bootloaders in the field leave 2 here as often as 3
  ];
  const wrong = wanted.find(([register, mask, value]) => (registers[register] & mask) !== value);
  return (
    wrong && `its register ${wrong[0]} holds ${hex(registers[wrong[0]], 2)}, not the setting for 480 MHz`
  );
}
