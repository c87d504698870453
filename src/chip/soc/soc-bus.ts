/** The chip's side of the bus contract: decodes addresses, charges waiting times, reaches the peripherals. */

import { ACCESS, type Access, type Bus, BusFault, type Memory } from '../bus.ts';
import type { CachedMemory } from './cached-memory.ts';
import type { Clock } from './clock.ts';
import {
  type ArenaLayout,
  CACHE_BANKS,
  ROM,
  ROM_STUB_BYTES,
  RTC_FAST,
  RTC_SLOW,
  SRAM0,
  SRAM1_INSTRUCTION,
} from './memory-map.ts';
import { createPostedWrites, readCycles, writeCycles } from './mmio-cost.ts';
import type { Peripheral } from './peripheral.ts';
import { checkRomFetch } from './rom-stub.ts';
import { hex, type Warnings } from './warnings.ts';

const CAUSE = {
  fetchError: 2,
  loadStoreError: 3,
  fetchProhibited: 20,
  loadProhibited: 28,
  storeProhibited: 29,
};
const DEVICES = { first: 0x60000000, end: 0x600e0000 } as const;
const DEVICE_PAGE_SHIFT = 10; // RTC_CNTL and its neighbours share 4 KB
/** The region attribute of 0x0…0x1FFFFFFF: no access (facts C9.4). */
const NULL_REGION_END = 0x20000000;

export interface SocBus extends Bus {
  /** Called after every write to a device: the chip looks whether something must happen at once. */
  afterWrite: () => void;
  /** SRAM banks were given to or taken from the caches. `cpuBanks` as SENSITIVE 0x600C1014 bits 3:0. */
  setCpuBanks(cpuBanks: number): void;
  resetQueues(): void;
}

export interface SocBusOptions {
  readonly memory: Memory;
  readonly layout: ArenaLayout;
  readonly cached: CachedMemory;
  readonly blocks: readonly {
    readonly base: number;
    readonly size: number;
    readonly peripheral: Peripheral;
  }[];
  readonly clock: Clock;
  readonly warnings: Warnings;
}

export function createSocBus(options: SocBusOptions): SocBus {
  const { memory, layout, cached, clock, warnings } = options;
  const writes = [createPostedWrites(), createPostedWrites()];
  const devices: ({ base: number; peripheral: Peripheral } | undefined)[] = new Array(
    (DEVICES.end - DEVICES.first) >>> DEVICE_PAGE_SHIFT,
  );
  for (const { base, size, peripheral } of options.blocks) {
    for (let at = base; at < base + size; at += 1 << DEVICE_PAGE_SHIFT) {
      devices[(at - DEVICES.first) >>> DEVICE_PAGE_SHIFT] = { base, peripheral };
    }
  }
  let cpuBanks = 0b0111;

  const deviceAt = (address: number) =>
    address >= DEVICES.first && address < DEVICES.end
      ? devices[(address - DEVICES.first) >>> DEVICE_PAGE_SHIFT]
      : undefined;

  const nothing = (verb: string, address: number, outcome: string) =>
    warnings.once(
      `nowhere ${address}`,
      address,
      `${verb} ${hex(address)}: nothing is known there; ${outcome}`,
    );

  /** Offset of SRAM unless a cache has it. */
  const sram = (address: number, offset: number): number => {
    const bank = CACHE_BANKS.find((b) => address >= b.address && address < b.address + b.length);
    if (!bank || (cpuBanks >>> bank.usageBit) & 1) return offset;
    warnings.once(
      `bank ${bank.usageBit}`,
      address,
      `access to ${hex(address)}: this SRAM is the ${bank.owner}'s store now (SENSITIVE 0x600c1014), it holds no data of yours`,
    );
    return layout.nowhere + (address & 0xff0);
  };

  const instructionSram = (address: number): number => {
    if (address - SRAM0.address < SRAM0.length && address >= SRAM0.address) {
      return sram(address, layout.sram0 + (address - SRAM0.address));
    }
    const at = address - SRAM1_INSTRUCTION.address;
    return at >= 0 && at < SRAM1_INSTRUCTION.length ? layout.sram + at : -1;
  };

  /** I-bus, 0x40000000–0x43FFFFFF: aligned words only, and no stores into flash. */
  const locateInstruction = (address: number, bytes: number, access: Access, core: number, cycle: number) => {
    if (access !== ACCESS.fetch && bytes < 4) {
      warnings.once(
        `ibus ${address >>> 16}`,
        address,
        `${8 * bytes}-bit access at ${hex(address)}: the instruction bus takes whole words only, use the data bus address`,
      );
      throw new BusFault(CAUSE.loadStoreError, address);
    }
    if (address >= 0x42000000) {
      const offset = cached.locate(address, access, core, cycle);
      bus.stall = cached.stall;
      return offset;
    }
    if (address < ROM.address + ROM.length) return locateRom(address, access);
    return instructionSram(address);
  };
  /** @throws RomEntered, RomCallError: what the ROM does there, the host does. */
  const romCode = (address: number) => {
    checkRomFetch(address);
    return layout.rom + (address - ROM.address);
  };
  const locateRom = (address: number, access: Access) => {
    if (access === ACCESS.store) throw new BusFault(CAUSE.loadStoreError, address);
    if (address < ROM.address + ROM_STUB_BYTES) return layout.rom + (address - ROM.address);
    nothing('load from', address, 'the mask ROM has no contents here, it reads 0');
    return layout.nowhere;
  };

  const bus: SocBus = {
    memory,
    stall: 0,
    afterWrite: () => {},
    get fetchLine() {
      return cached.instructionLineBytes;
    },
    isCachedCode: (address) => address >>> 25 === 0x42000000 >>> 25,
    isExecutable: (address) => address >>> 24 >= 0x40 && address >>> 28 !== 5,
    fence: (core, cycle) => writes[core].drain(cycle),
    peek(address) {
      if (address >>> 25 === 0x42000000 >>> 25) return cached.peek(address);
      if (address < 0x40000000 || address >= 0x42000000) return -1;
      return address < ROM.address + ROM.length ? romCode(address) : instructionSram(address);
    },
    locate(address, bytes, access, core, cycle) {
      bus.stall = 0;
      clock.cycles = cycle;
      const top = address >>> 24;
      if (top === 0x3c || top === 0x3d) {
        if (access === ACCESS.fetch) throw new BusFault(CAUSE.fetchError, address);
        const offset = cached.locate(address, access, core, cycle);
        bus.stall = cached.stall;
        return offset;
      }
      if (top >= 0x40 && top < 0x44) return locateInstruction(address, bytes, access, core, cycle);
      if (address >>> 0 >= 0x3fc88000 && address >>> 0 < 0x3fd00000) {
        if (access === ACCESS.fetch) throw new BusFault(CAUSE.fetchError, address);
        return sram(address, layout.sram + (address - 0x3fc88000));
      }
      if (address >= RTC_FAST.address && address < RTC_FAST.address + RTC_FAST.length) {
        return layout.rtcFast + (address - RTC_FAST.address);
      }
      if (address >= RTC_SLOW.address && address < RTC_SLOW.address + RTC_SLOW.length) {
        return layout.rtcSlow + (address - RTC_SLOW.address);
      }
      if (access === ACCESS.fetch) {
        throw new BusFault(address < NULL_REGION_END ? CAUSE.fetchProhibited : CAUSE.fetchError, address);
      }
      return -1;
    },
    read(address, bytes, _core, cycle, pc) {
      bus.stall = 0;
      clock.cycles = cycle;
      clock.fireDue(); // what should have happened by now has happened
      warnings.pc = pc;
      if (address < NULL_REGION_END) throw new BusFault(CAUSE.loadProhibited, address);
      const device = deviceAt(address);
      if (!device) {
        nothing('read of', address, 'it reads 0');
        return 0;
      }
      bus.stall = readCycles(address) - 1;
      const word = device.peripheral.read((address & ~3) - device.base) >>> 0;
      if (bytes === 4) return word;
      return (word >>> (8 * (address & 3))) & (bytes === 2 ? 0xffff : 0xff);
    },
    write(address, bytes, value, core, cycle, pc) {
      bus.stall = 0;
      clock.cycles = cycle;
      clock.fireDue();
      warnings.pc = pc;
      if (address < NULL_REGION_END) throw new BusFault(CAUSE.storeProhibited, address);
      const device = deviceAt(address);
      if (!device) {
        nothing('write to', address, 'it has no effect');
        return;
      }
      bus.stall = writes[core].post(cycle, writeCycles(address));
      const lane = 8 * (address & 3);
      const word = bytes === 4 ? value : (value & (bytes === 2 ? 0xffff : 0xff)) << lane;
      device.peripheral.write((address & ~3) - device.base, word >>> 0);
      bus.afterWrite();
    },
    setCpuBanks(next) {
      cpuBanks = next;
      for (const bank of CACHE_BANKS) {
        if (bank.owner === 'ICache') continue; // reached through `locate` anyway
        memory.unmap(bank.address, bank.length);
        if (!((cpuBanks >>> bank.usageBit) & 1)) continue;
        const offset = layout.sram + (bank.address - 0x3fc88000);
        memory.map(bank.address, bank.length, offset, { load: true, store: true });
      }
      memory.remapped();
    },
    resetQueues() {
      for (const queue of writes) queue.reset();
    },
  };
  return bus;
}
