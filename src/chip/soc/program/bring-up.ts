/**
 * The chip as a second-stage bootloader hands it to a program: watchdogs off, PLL on, flash and PSRAM at full speed, caches and MMU
 * set. Done through the same registers in the same order as a program does it (docs/esp32-s3.md B6, C4, C5, C9.6, C9.7).
 */
import type { CacheGeometry } from '../cache-tags.ts';
import type { Chip } from '../chip.ts';
import { type DelaySetting, settingIn } from '../psram-timing.ts';
import type { RomMemory } from '../rom/memory.ts';
import { fillMmu, setUpFlash } from '../rom/registers.ts';
import { WATCHDOG_KEY } from '../timer-group.ts';
import type { Mapping } from './placement.ts';

export interface BringUpOptions {
  readonly clockMegahertz: 80 | 160 | 240;
  readonly dataCache: CacheGeometry;
  readonly instructionCache: CacheGeometry;
  readonly cachesCode: boolean;
  readonly mappings: readonly Mapping[];
}

const MMU_INVALID = 0x4000;
const MMU_PSRAM = 0x8000;
/** Longer than a transfer on the analog bus and than the PLL's calibration, at 20 MHz. */
const SETTLE_CYCLES = 1000;

/** The chip's registers, word by word; no core takes part and no time passes. */
export function registersOf(chip: Chip): RomMemory {
  const at = (address: number) => {
    const found = chip.peripherals.blocks.find(({ base, size }) => address >= base && address < base + size);
    if (!found) throw new RangeError(`no register block at ${address.toString(16)}`);
    return found;
  };
  const registers: RomMemory = {
    load(address) {
      const { base, peripheral } = at(address);
      return peripheral.read(address - base) >>> 0;
    },
    store(address, value) {
      const { base, peripheral } = at(address);
      peripheral.write(address - base, value >>> 0);
    },
    change: (address, mask, value) => registers.store(address, (registers.load(address) & ~mask) | value),
  };
  return registers;
}

export function bringUp(chip: Chip, options: BringUpOptions): void {
  const registers = registersOf(chip);
  stopWatchdogs(registers);
  startPll(chip, registers);
  registers.change(0x600c0010, 3, options.clockMegahertz / 80 - 1);
  registers.store(0x600c0060, 1 << 10);
  const isOctal = chip.board.psramBytes > 0 && chip.board.psramMode === 'octal';
  const divider = chip.board.flashMegahertz === 80 ? 1 : 2;
  setUpFlash(registers, chip.board.flashMode === 'qio' ? 0 : 2, isOctal ? 2 * divider : divider);
  if (chip.board.psramBytes > 0) setUpPsram(registers, isOctal, settingIn(chip.psramWindow));
  const entries = new Map(
    options.mappings.map(({ entry, target, page }) => [entry, page | (target === 'psram' ? MMU_PSRAM : 0)]),
  );
  fillMmu(registers, (entry) => entries.get(entry) ?? MMU_INVALID);
  openCaches(registers, options);
}

function stopWatchdogs(registers: RomMemory): void {
  const dogs = [
    [0x600080b0, 0x60008098],
    [0x6001f064, 0x6001f048],
    [0x60020064, 0x60020048],
  ];
  for (const [lock, config] of dogs) {
    registers.store(lock, WATCHDOG_KEY);
    registers.store(config, 0);
    registers.store(lock, 0);
  }
  registers.store(0x600080b8, 0x8f1d312a);
  registers.change(0x600080b4, 0x80000000, 0x80000000); // the super watchdog feeds itself
  registers.store(0x600080b8, 0);
}

/** 480 MHz from the crystal. */
function startPll(chip: Chip, registers: RomMemory): void {
  const settle = () => chip.run({ maxCycles: SETTLE_CYCLES });
  registers.change(0x60008000, 0x540, 0);
  registers.change(0x600c0010, 4, 4);
  registers.change(0x6000e044, (1 << 17) | (1 << 14), 0);
  registers.store(0x6000e048, 0x1ff40);
  for (const [register, value] of [
    [4, 0x6b],
    [2, 0x50],
    [3, 0x08],
    [5, 0x00],
    [6, 0x73],
    [9, 0x03],
  ]) {
    registers.store(0x6000e000, 0x05000066 | (value << 16) | (register << 8));
    settle();
  }
  registers.change(0x6000e040, 0xc, 8);
  settle();
  registers.change(0x6000e040, 0xc, 4);
}

/** 80 MHz; octal in both clock edges from a core clock of 160 MHz, with the delays that its tuning has found. */
function setUpPsram(registers: RomMemory, isOctal: boolean, { mode, num, dummy }: DelaySetting): void {
  const commands = (1 << 20) | (1 << 5);
  const octal = (1 << 4) | (1 << 3) | 1 | (31 << 14) | (17 << 6) | (7 << 22) | (1 << 21);
  const quad = (1 << 4) | (23 << 14) | (5 << 6) | (1 << 2);
  registers.store(0x60003040, commands | (isOctal ? octal : quad));
  registers.store(0x60003050, isOctal ? (1 << 16) | 1 : 0x80000000);
  if (!isOctal) return;
  registers.store(0x600030ec, 2);
  registers.store(0x600030c0, mode);
  registers.store(0x600030c4, num);
  registers.store(0x600030bc, 1 | (dummy > 0 ? 2 : 0) | (dummy << 2));
}

function openCaches(registers: RomMemory, { dataCache, instructionCache, cachesCode }: BringUpOptions): void {
  const line = Math.log2(dataCache.lineBytes / 16);
  const isLarge = dataCache.bytes > 32 << 10;
  const isLargeCode = instructionCache.bytes > 16 << 10;
  // SRAM banks that the caches take, and their owners (docs/esp32-s3.md C9.6).
  const dataOwner = isLarge ? 6 : 2;
  const codeOwner = !cachesCode ? 0xf : isLargeCode ? 9 : 1;
  const codeBanks = !cachesCode ? 3 : isLargeCode ? 0 : 2;
  registers.change(0x600c1004, 0xff, (dataOwner << 4) | codeOwner);
  registers.change(0x600c1014, 0xf, ((isLarge ? 0 : 1) << 2) | codeBanks);
  registers.store(0x600c4000, 1 | (isLarge ? 4 : 0) | (line << 3));
  registers.store(0x600c4004, 0);
  if (!cachesCode) return;
  const ways = instructionCache.ways === 8 ? 2 : 0;
  registers.store(0x600c4060, 1 | ways | (isLargeCode ? 4 : 0) | (instructionCache.lineBytes === 32 ? 8 : 0));
  registers.store(0x600c4064, 0);
}
