/** SRAM that the core shares with the caches: which banks hold data of its own, and where the instruction bus finds them. */

import { type Memory, PAGE_SHIFT } from '../bus/index.ts';
import { type ArenaLayout, CACHE_BANKS, SRAM_DATA, SRAM0, SRAM1_INSTRUCTION } from './memory-map.ts';

export type Bank = (typeof CACHE_BANKS)[number];

export interface SramBanks {
  /** The bank of SRAM that a cache has taken, if the address lies in one. */
  taken(address: number): Bank | undefined;
  /** Arena offset of SRAM0 and SRAM1 by their I-bus addresses; -1 elsewhere and where a cache sits. */
  instructionOffset(address: number): number;
  /** Banks were given to or taken from the caches. `cpuBanks` as SENSITIVE 0x600C1014 bits 3:0. */
  assign(cpuBanks: number): void;
}

export function createSramBanks(memory: Memory, layout: ArenaLayout): SramBanks {
  let cpuBanks = 0b0111;
  const taken = (address: number) =>
    CACHE_BANKS.find(
      (bank) =>
        address >= bank.address &&
        address < bank.address + bank.length &&
        !((cpuBanks >>> bank.usageBit) & 1),
    );
  const instructionOffset = (address: number): number => {
    if (address >= SRAM0.address && address < SRAM0.address + SRAM0.length) {
      return taken(address) ? -1 : layout.sram0 + (address - SRAM0.address);
    }
    const at = address - SRAM1_INSTRUCTION.address;
    return at >= 0 && at < SRAM1_INSTRUCTION.length ? layout.sram + at : -1;
  };
  /** Where translated code finds code without asking. */
  const mapCode = () => {
    for (const { address, length } of [SRAM0, SRAM1_INSTRUCTION]) {
      for (let at = address; at < address + length; at += 1 << PAGE_SHIFT) {
        const offset = instructionOffset(at);
        memory.codeMap[at >>> PAGE_SHIFT] = offset === -1 ? 0 : offset - at;
      }
    }
  };
  return {
    taken,
    instructionOffset,
    assign(next) {
      cpuBanks = next;
      for (const bank of CACHE_BANKS) {
        if (bank.owner === 'ICache') continue; // reached through `locate` anyway
        memory.unmap(bank.address, bank.length);
        if (!((cpuBanks >>> bank.usageBit) & 1)) continue;
        const offset = layout.sram + (bank.address - SRAM_DATA.address);
        memory.map(bank.address, bank.length, offset, { load: true, store: true });
      }
      mapCode();
      memory.remapped();
    },
  };
}
