/** Registers as the ROM leaves them (docs/esp32-s3.md C9.4), as tables of stores. */

import type { RomMemory } from './memory.ts';

/** [address, value] in the order of writing, done before the banner. */
const AT_START: readonly (readonly [address: number, value: number])[] = [
  [0x60000014, 0x0030015b], // UART0 CLKDIV: 115200 baud from the crystal
  [0x60000078, 0x03400000], // UART0 CLK_CONF
  [0x60000078, 0x03700000], // SCLK_SEL: crystal
  [0x60000020, 0x0400001c], // UART0 CONF0: 8N1
  [0x60000024, 0x00000001], // UART0 CONF1
  [0x6000000c, 0x00000001], // UART0 INT_ENA
  [0x600c206c, 5], // UART0's source to CPU interrupt 5
  [0x60002010, 0x41], // SPI1 and SPI0 CTRL2
  [0x60003010, 0x41],
  [0x60008094, 0x00000400], // RTC_CNTL DIG_ISO
  [0x60009070, 0x00001b00], // IO_MUX of the two pins that IDF calls SPICS1 and SPIHD
  [0x60009074, 0x00001b00],
  [0x600c0008, 0x00000040], // CPU_PERI_CLK_EN: ASSIST_DEBUG on
  [0x600c000c, 0x00000080],
  [0x600ce048, 1], // ASSIST_DEBUG records the PC
  [0x600ce04c, 1],
  [0x600c001c, 0x00000604], // PERIP_CLK_EN1: SHA left on
  [0x600c0024, 0x000001ca], // PERIP_RST_EN1
];

/** The DCache as the loader reads flash: on, 32 KB, 16-byte lines, both buses open. */
const DATA_CACHE_ON: readonly (readonly [address: number, value: number])[] = [
  [0x600c4000, 0x1],
  [0x600c4004, 0x0],
];

/** The ICache in the ROM's default mode, for direct boot: 16 KB in the bank at 0x40370000. */
const INSTRUCTION_CACHE_ON: readonly (readonly [address: number, value: number])[] = [
  [0x600c1004, 0x21],
  [0x600c1014, 0x7f6],
  [0x600c4060, 0x1],
  [0x600c4064, 0x0],
];

const MMU_TABLE = 0x600c5000;
const MMU_ENTRIES = 512;
const MMU_INVALID = 0x4000;

interface ModeSettings {
  /** Mode bits of SPI_MEM_CTRL. */
  readonly control: number;
  readonly command: number;
  readonly dummyCycles: number;
}

/** By image header mode: QIO, QOUT, DIO, DOUT, FAST_RD, SLOW_RD. */
const MODES: readonly ModeSettings[] = [
  { control: 1 << 24, command: 0xeb, dummyCycles: 6 },
  { control: 1 << 20, command: 0x6b, dummyCycles: 8 },
  { control: 1 << 23, command: 0xbb, dummyCycles: 4 },
  { control: 1 << 14, command: 0x3b, dummyCycles: 8 },
  { control: 0, command: 0x0b, dummyCycles: 8 },
  { control: 0, command: 0x03, dummyCycles: 0 },
];
const SLOW_RD = 5;
const FASTRD = 1 << 13;

const storeAll = (memory: RomMemory, table: readonly (readonly [number, number])[]) => {
  for (const [address, value] of table) memory.store(address, value);
};

export const setUpAtStart = (memory: RomMemory): void => storeAll(memory, AT_START);
export const openDataCache = (memory: RomMemory): void => storeAll(memory, DATA_CACHE_ON);
export const openInstructionCache = (memory: RomMemory): void => storeAll(memory, INSTRUCTION_CACHE_ON);

/** SPI0 and SPI1 for a mode and a clock divider; the values of C9.4 for DIO and 1. */
export function setUpFlash(memory: RomMemory, mode: number, divider: number): void {
  const settings = MODES[mode] ?? MODES[SLOW_RD];
  const fast = mode < SLOW_RD ? FASTRD : 0;
  const clock = divider === 1 ? 0x80000000 : ((divider - 1) << 16) | ((divider / 2 - 1) << 8) | (divider - 1);
  const hasDummy = settings.dummyCycles > 0;
  memory.store(0x60002008, 0x002c8008 | fast | settings.control);
  memory.store(0x60002014, clock);
  memory.store(0x60002018, 0x800000c0);
  memory.store(0x60002020, 0x70000000);
  memory.store(0x60003008, 0x002c0008 | fast | settings.control);
  memory.store(0x60003014, clock);
  memory.store(0x60003018, hasDummy ? 0xf00000c0 : 0xd00000c0);
  memory.store(0x6000301c, 0x5c000000 | Math.max(settings.dummyCycles - 1, 0));
  memory.store(0x60003020, 0x70000000 | settings.command);
  memory.store(0x60003024, 0xff);
  memory.store(0x60003028, 0xff);
  memory.store(0x60003034, 2);
  memory.store(0x6000303c, 5);
  memory.store(0x600030dc, 0xb107);
}

/** Maps 64 KB page after page of flash; `entry(i)` is what goes into entry i. */
export function fillMmu(memory: RomMemory, entry: (index: number) => number): void {
  for (let index = 0; index < MMU_ENTRIES; index++) memory.store(MMU_TABLE + 4 * index, entry(index));
}
export const invalidateMmu = (memory: RomMemory): void => fillMmu(memory, () => MMU_INVALID);

/** While loading the ROM sees flash at 0x3C800000. */
export function mapFlashForLoader(memory: RomMemory): void {
  for (let page = 0; page < 16; page++) memory.store(MMU_TABLE + 4 * (0x80 + page), page);
}
