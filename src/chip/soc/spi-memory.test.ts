import { describe, expect, it } from 'vitest';
import { findBoard } from '../boards/boards.ts';
import { bootChip } from './test-image.ts';

const CMD = 0x00;
const ADDR = 0x04;
const CTRL = 0x08;
const USER = 0x18;
const USER1 = 0x1c;
const USER2 = 0x20;
const MISO_DLEN = 0x28;
const MOSI_DLEN = 0x24;
const MISC = 0x34;
const W0 = 0x58;
const USR = 1 << 18;

interface Command {
  readonly opcode: number;
  readonly address?: number;
  readonly addressBits?: number;
  readonly send?: number;
  readonly readBytes?: number;
  readonly psram?: boolean;
  /** The command by four lines. */
  readonly quad?: boolean;
}

/** Runs one user command of SPI1 and returns W0. */
function run(chip: ReturnType<typeof bootChip>['chip'], command: Command): number {
  const { spi1 } = chip.peripherals;
  const { opcode, address, addressBits = 24, send, readBytes = 0, psram = false, quad = false } = command;
  spi1.write(CTRL, quad ? 1 << 8 : 0);
  spi1.write(MISC, psram ? 1 : 2);
  spi1.write(USER2, opcode | (15 << 28));
  spi1.write(ADDR, address ?? 0);
  spi1.write(USER1, (addressBits - 1) << 26);
  spi1.write(MISO_DLEN, readBytes * 8 - 1);
  spi1.write(MOSI_DLEN, 31);
  spi1.write(W0, send ?? 0);
  const phases = [
    [true, 1 << 31],
    [address !== undefined, 1 << 30],
    [readBytes > 0, 1 << 28],
    [send !== undefined, 1 << 27],
  ] as const;
  spi1.write(USER, phases.reduce((bits, [used, bit]) => (used ? bits | bit : bits), 0) >>> 0);
  spi1.write(CMD, USR);
  expect(spi1.read(CMD)).toBe(0);
  return spi1.read(W0);
}

describe('SPI1', () => {
  it('identifies, erases and programs flash', () => {
    const { chip } = bootChip(Uint8Array.of(1, 2, 3, 4));
    expect(run(chip, { opcode: 0x9f, readBytes: 3 })).toBe(0x1440ef); // 1 MB
    expect(run(chip, { opcode: 0x03, address: 0, readBytes: 4 })).toBe(0x04030201);
    run(chip, { opcode: 0x20, address: 0 });
    expect(run(chip, { opcode: 0x03, address: 0, readBytes: 4 })).toBe(0x04030201); // not write-enabled
    run(chip, { opcode: 0x06 });
    run(chip, { opcode: 0x20, address: 0 });
    run(chip, { opcode: 0x06 });
    run(chip, { opcode: 0x02, address: 8, send: 0x12345678 });
    expect(run(chip, { opcode: 0x03, address: 8, readBytes: 4 })).toBe(0x12345678);
    expect(run(chip, { opcode: 0x03, address: 0, readBytes: 4 })).toBe(0xffffffff);
  });

  it('octal PSRAM has vendor, size and the presence test', () => {
    const { chip } = bootChip(new Uint8Array(0), { board: findBoard('devkitc-n16r8') });
    expect(run(chip, { opcode: 0x4040, address: 1, addressBits: 32, readBytes: 1, psram: true }) & 0x1f).toBe(
      0x0d,
    );
    expect(run(chip, { opcode: 0x4040, address: 2, addressBits: 32, readBytes: 1, psram: true }) & 7).toBe(3);
    run(chip, { opcode: 0x8080, address: 0, addressBits: 32, send: 0x5a6b7c8d, psram: true });
    expect(run(chip, { opcode: 0x0000, address: 0, addressBits: 32, readBytes: 4, psram: true })).toBe(
      0x5a6b7c8d,
    );
  });

  it('quad PSRAM has its known-good-die byte', () => {
    const board = { ...findBoard('devkitc-n16r8'), psramMode: 'quad' as const };
    const { chip } = bootChip(new Uint8Array(0), { board });
    expect((run(chip, { opcode: 0x9f, address: 0, readBytes: 3, psram: true }) >>> 8) & 0xff).toBe(0x5d);
  });

  it('quad PSRAM that has been told to take four lines is deaf to one, until it is told otherwise', () => {
    const board = { ...findBoard('devkitc-n16r8'), psramMode: 'quad' as const };
    const { chip } = bootChip(new Uint8Array(0), { board });
    const read = (quad: boolean) => run(chip, { opcode: 0x0b, address: 0, readBytes: 4, psram: true, quad });
    run(chip, { opcode: 0x02, address: 0, send: 0x12345678, psram: true });
    expect([read(false), read(true)]).toEqual([0x12345678, 0xffffffff]);
    run(chip, { opcode: 0x35, psram: true });
    expect([read(false), read(true)]).toEqual([0xffffffff, 0x12345678]);
    run(chip, { opcode: 0xf5, psram: true });
    expect(read(true)).toBe(0x12345678);
    run(chip, { opcode: 0xf5, psram: true, quad: true });
    expect(read(false)).toBe(0x12345678);
  });

  it('a board without PSRAM answers nothing', () => {
    const { chip } = bootChip(new Uint8Array(0));
    expect(run(chip, { opcode: 0x9f, address: 0, readBytes: 4, psram: true })).toBe(0xffffffff);
    expect(chip.warnings.list[0].message).toContain('nothing on it');
  });
});
