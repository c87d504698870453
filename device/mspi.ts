/** Commands to the PSRAM by SPI1, whose select, lines and clock psram.ts has set. */
import { read32, write32 } from "./chip";
import { psramKind } from "./contract/config";

const SPI1: usize = 0x6000_2000;
const COMMAND: usize = SPI1;
const ADDRESS: usize = SPI1 + 0x04;
const USER: usize = SPI1 + 0x18;
const USER1: usize = SPI1 + 0x1c;
const USER2: usize = SPI1 + 0x20;
const OUT_BITS: usize = SPI1 + 0x24;
const IN_BITS: usize = SPI1 + 0x28;
const DATA: usize = SPI1 + 0x58;

const RUN: u32 = 1 << 18;
const HAS_COMMAND: u32 = 1 << 31;
const HAS_ADDRESS: u32 = 1 << 30;
const HAS_DUMMY: u32 = 1 << 29;
const HAS_IN: u32 = 1 << 28;
const HAS_OUT: u32 = 1 << 27;
const PATIENCE: u32 = 10_000;

// @ts-ignore: decorator
@inline
export function isQuad(): bool {
  return psramKind == 1;
}

/** A word of PSRAM, by command; of quad by one line, before it is told to take four. */
export function writeWord(address: u32, word: u32): void {
  if (isQuad()) tell(0x02, 8, address, 24, 0, word, 32);
  else tell(0x8080, 16, address, 32, 8, word, 32);
}

/** By eight lines, or by four. @param extra dummy clocks of quad beside the usual; octal's stand in SPI1's calibration register */
export function readWord(address: u32, extra: u32): u32 {
  return isQuad() ? ask(0xeb, 8, address, 24, 6 + extra, 32) : ask(0x0000, 16, address, 32, 18, 32);
}

/** A command with an answer of up to 32 bits. */
export function ask(command: u32, commandBits: u32, address: u32, addressBits: u32, dummies: u32, bits: u32): u32 {
  write32(IN_BITS, bits - 1);
  transact(command, commandBits, address, addressBits, dummies, HAS_IN);
  const answer = read32(DATA);
  return bits < 32 ? answer & ((1 << bits) - 1) : answer;
}

/** A command with up to 32 bits of data. */
export function tell(command: u32, commandBits: u32, address: u32, addressBits: u32, dummies: u32, data: u32, bits: u32): void {
  if (bits) {
    write32(OUT_BITS, bits - 1);
    write32(DATA, data);
  }
  transact(command, commandBits, address, addressBits, dummies, bits ? HAS_OUT : 0);
}

function transact(command: u32, commandBits: u32, address: u32, addressBits: u32, dummies: u32, data: u32): void {
  write32(USER2, ((commandBits - 1) << 28) | command);
  write32(ADDRESS, address);
  write32(USER1, ((addressBits ? addressBits - 1 : 0) << 26) | (dummies ? dummies - 1 : 0));
  write32(USER, HAS_COMMAND | (addressBits ? HAS_ADDRESS : 0) | (dummies ? HAS_DUMMY : 0) | data);
  write32(COMMAND, RUN);
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if (!(read32(COMMAND) & RUN)) return;
  }
}
