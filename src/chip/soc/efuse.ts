/** EFUSE read registers (TRM chapter 5; field places as esptool's targets/esp32s3.py reads them). */

import { CALIBRATION } from './adc-curve.ts';
import type { PeripheralContext } from './context.ts';
import { createRegisterBlock, type Peripheral } from './peripheral.ts';

export interface EfuseContents {
  /** Six bytes, as printed: most significant first. */
  readonly mac: readonly number[];
  /** Bytes of flash and PSRAM inside the package; 0 for none. */
  readonly flashInPackage: number;
  readonly psramInPackage: number;
  /** Chip revision vMAJOR.MINOR. */
  readonly revision: readonly [major: number, minor: number];
}

const MB = 1 << 20;
const FLASH_CODES: Readonly<Record<number, number>> = { 0: 0, [8 * MB]: 1, [4 * MB]: 2 };
const PSRAM_CODES: Readonly<Record<number, number>> = {
  0: 0,
  [8 * MB]: 1,
  [2 * MB]: 2,
  [16 * MB]: 3,
  [4 * MB]: 4,
};
const VENDOR_XMC = 1;
const VENDOR_AP_3V3 = 1;

/** DIS_DIRECT_BOOT: bit 1 of RD_REPEAT_DATA3. */
export const DIS_DIRECT_BOOT = { offset: 0x3c, bit: 1 << 1 } as const;

/** Words 0 to 5 of block 1 (MAC_SPI_8M_0). */
function blockOne({ mac, flashInPackage, psramInPackage, revision }: EfuseContents): number[] {
  const [major, minor] = revision;
  const psram = PSRAM_CODES[psramInPackage] ?? 0;
  const flash = FLASH_CODES[flashInPackage] ?? 0;
  return [
    ((mac[2] << 24) | (mac[3] << 16) | (mac[4] << 8) | mac[5]) >>> 0,
    (mac[0] << 8) | mac[1],
    0,
    (((minor & 7) << 18) | (flash << 27)) >>> 0,
    (flash ? VENDOR_XMC : 0) | ((psram & 3) << 3) | ((psram ? VENDOR_AP_3V3 : 0) << 7),
    ((minor >>> 3) << 23) | (major << 24) | ((psram >>> 2) << 19),
  ];
}

const BLOCK_2 = 0x5c;

/** The words of block 2 (SYS_DATA_PART1): the calibration of converter and temperature sensor. */
function blockTwo(): number[] {
  const bits = CALIBRATION.reduce((all, { first, value }) => all | (BigInt(value) << BigInt(first)), 0n);
  return Array.from({ length: 8 }, (_, word) => Number((bits >> BigInt(32 * word)) & 0xffffffffn));
}

export function createEfuse(context: PeripheralContext, base: number, contents: EfuseContents): Peripheral {
  const registers: Record<number, number> = { 464: 0, 468: 0 };
  blockOne(contents).forEach((word, index) => {
    registers[0x44 + 4 * index] = word;
  });
  blockTwo().forEach((word, index) => {
    registers[BLOCK_2 + 4 * index] = word;
  });
  return createRegisterBlock({
    name: 'EFUSE',
    base,
    size: 0x1000,
    warnings: context.warnings,
    registers,
    plain: [[0x00, 0x200]], // program and read registers of an unburnt part read 0
  });
}
