/** The chip's side of the bus contract: decodes addresses, charges waiting times, reaches the peripherals. */

import { ACCESS, type Access, type Bus, BusFault, CAUSE, type Memory } from '../bus/index.ts';
import type { CachedMemory } from './cached-memory.ts';
import type { Clock } from './clock.ts';
import {
  type ArenaLayout,
  DATA_CACHE_BUS,
  INSTRUCTION_CACHE_BUS,
  ROM,
  ROM_STUB_BYTES,
  RTC_FAST,
  RTC_SLOW,
  SRAM_DATA,
} from './memory-map.ts';
import { createPostedWrites, readCycles, writeCycles } from './mmio-cost.ts';
import type { Peripheral } from './peripheral.ts';
import { checkRomFetch } from './rom/stub.ts';
import { createSramBanks, type SramBanks } from './sram-banks.ts';
import { hex, type Warnings } from './warnings.ts';

const DEVICES = { first: 0x60000000, end: 0x600e0000 } as const;
const DEVICE_PAGE_SHIFT = 10; // RTC_CNTL and its neighbours share 4 KB
/** The region attribute of 0x0…0x1FFFFFFF: no access (docs/esp32-s3.md C9.4). */
const NULL_REGION_END = 0x20000000;

export interface SocBus extends Bus {
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

const isCachedData = (address: number) => address >>> 25 === DATA_CACHE_BUS.address >>> 25;
const isCachedCode = (address: number) => address >>> 25 === INSTRUCTION_CACHE_BUS.address >>> 25;

/** What speaks against an access to memory that `locate` had no place for: a warning, or an exception of the core. */
function createRefusal(cached: CachedMemory, warnings: Warnings, banks: SramBanks) {
  const nothing = (access: Access, address: number): void => {
    const [verb, outcome] =
      access === ACCESS.load ? ['read of', 'it reads 0'] : ['write to', 'it has no effect'];
    warnings.once(
      `nowhere ${address}`,
      address,
      `${verb} ${hex(address)}: nothing is known there; ${outcome}`,
    );
  };
  /** @throws BusFault */
  return (address: number, bytes: number, access: Access, core: number): void => {
    if (address < NULL_REGION_END) {
      throw new BusFault(access === ACCESS.load ? CAUSE.loadProhibited : CAUSE.storeProhibited, address);
    }
    const bank = banks.taken(address);
    if (bank) {
      warnings.once(
        `bank ${bank.usageBit}`,
        address,
        `access to ${hex(address)}: this SRAM is the ${bank.owner}'s store now (SENSITIVE 0x600c1014), it holds no data of yours`,
      );
      return;
    }
    const isInstructionBus = address >>> 26 === ROM.address >>> 26;
    if (isInstructionBus && bytes < 4) {
      warnings.once(
        `ibus ${address >>> 16}`,
        address,
        `${8 * bytes}-bit access at ${hex(address)}: the instruction bus takes whole words only, use the data bus address`,
      );
      throw new BusFault(CAUSE.loadStoreError, address);
    }
    if (isCachedCode(address) || isCachedData(address)) cached.refuse(address, access, core);
    if (isInstructionBus && access === ACCESS.store) throw new BusFault(CAUSE.loadStoreError, address);
    nothing(access, address);
  };
}

/** Finds the peripheral behind an address. */
function createDevices(blocks: SocBusOptions['blocks']) {
  const devices: ({ base: number; peripheral: Peripheral } | undefined)[] = new Array(
    (DEVICES.end - DEVICES.first) >>> DEVICE_PAGE_SHIFT,
  );
  for (const { base, size, peripheral } of blocks) {
    for (let at = base; at < base + size; at += 1 << DEVICE_PAGE_SHIFT) {
      devices[(at - DEVICES.first) >>> DEVICE_PAGE_SHIFT] = { base, peripheral };
    }
  }
  return (address: number) =>
    address >= DEVICES.first && address < DEVICES.end
      ? devices[(address - DEVICES.first) >>> DEVICE_PAGE_SHIFT]
      : undefined;
}

export function createSocBus(options: SocBusOptions): SocBus {
  const { memory, layout, cached, clock, warnings } = options;
  const deviceReads = new Int32Array(2);
  const writes = [createPostedWrites(), createPostedWrites()];
  const banks = createSramBanks(memory, layout);
  const deviceAt = createDevices(options.blocks);
  /** What the fast tables leave out at times, and the loader and others outside generated code. */
  const plainMemory = [
    { region: SRAM_DATA, offset: layout.sram },
    { region: RTC_FAST, offset: layout.rtcFast },
    { region: RTC_SLOW, offset: layout.rtcSlow },
  ];

  const cachedOffset = (address: number, bytes: number, access: Access, core: number, cycle: number) => {
    const offset = cached.locate(address, bytes, access, core, cycle);
    bus.stall = cached.stall;
    return offset;
  };
  /** I-bus, 0x40000000–0x43FFFFFF: aligned words only. */
  const instructionOffset = (address: number, bytes: number, access: Access, core: number, cycle: number) => {
    if (access !== ACCESS.fetch && bytes < 4) return -1;
    if (isCachedCode(address)) {
      return access === ACCESS.store ? -1 : cachedOffset(address, bytes, access, core, cycle);
    }
    if (address >= ROM.address + ROM.length) return banks.instructionOffset(address);
    const isContents = access === ACCESS.load && address < ROM.address + ROM_STUB_BYTES;
    return isContents ? layout.rom + (address - ROM.address) : -1;
  };

  const refuseMemory = createRefusal(cached, warnings, banks);

  const bus: SocBus = {
    memory,
    stall: 0,
    get fetchLine() {
      return cached.instructionLineBytes;
    },
    isCachedCode,
    deviceReads,
    nextEvent: clock.nextAlarmCycle,
    steady(address) {
      const device = (address & 3) === 0 ? deviceAt(address) : undefined;
      return device?.peripheral.steady?.(address - device.base);
    },
    isExecutable: (address) => address >>> 24 >= 0x40 && address >>> 28 !== 5,
    fence: (core, cycle) => writes[core].drain(cycle),
    peek(address) {
      if (isCachedCode(address)) return cached.peek(address);
      if (address < ROM.address || address >= INSTRUCTION_CACHE_BUS.address) return -1;
      if (address >= ROM.address + ROM.length) return banks.instructionOffset(address);
      checkRomFetch(address); // throws RomEntered, RomCallError: what the ROM does there, the host does
      return layout.rom + (address - ROM.address);
    },
    locate(address, bytes, access, core, cycle) {
      bus.stall = 0;
      if (isCachedData(address))
        return access === ACCESS.fetch ? -1 : cachedOffset(address, bytes, access, core, cycle);
      if (address >>> 26 === ROM.address >>> 26)
        return instructionOffset(address, bytes, access, core, cycle);
      for (const { region, offset } of plainMemory) {
        if (address >= region.address && address < region.address + region.length) {
          return banks.taken(address) ? -1 : offset + (address - region.address);
        }
      }
      return -1;
    },
    read(address, bytes, core, cycle, pc) {
      bus.stall = 0;
      clock.cycles = cycle;
      clock.fireDue(); // what should have happened by now has happened
      warnings.pc = pc;
      deviceReads[core]++;
      const device = deviceAt(address);
      if (!device) {
        refuseMemory(address, bytes, ACCESS.load, core);
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
      const device = deviceAt(address);
      if (!device) {
        refuseMemory(address, bytes, ACCESS.store, core);
        return;
      }
      bus.stall = writes[core].post(cycle, writeCycles(address));
      const lane = 8 * (address & 3);
      const word = bytes === 4 ? value : (value & (bytes === 2 ? 0xffff : 0xff)) << lane;
      device.peripheral.write((address & ~3) - device.base, word >>> 0);
    },
    setCpuBanks: banks.assign,
    resetQueues() {
      for (const queue of writes) queue.reset();
    },
  };
  return bus;
}
