/** The address space of a chip as the host reaches it for a program: loading, arguments, simulator calls. No time passes. */
import type { ProgramMemory } from '../../exec/index.ts';
import type { ChipParts } from '../chip-parts.ts';
import { INSTRUCTION_CACHE_BUS, SRAM0, SRAM1_INSTRUCTION } from '../memory-map.ts';

const PAGE_SHIFT = 12;
const MMU_PSRAM = 0x8000;
const MMU_INVALID = 0x4000;

export function memoryOf({ memory, layout, peripherals }: ChipParts): ProgramMemory {
  const { bytes, loadMap } = memory;
  const cachedOffset = (address: number): number => {
    const entry = peripherals.cached.mmu.read(4 * ((address & 0x1ffffff) >>> 16));
    if (entry & MMU_INVALID) return -1;
    return (
      (entry & MMU_PSRAM ? layout.psram : layout.flash) + (entry & 0x3fff) * 0x10000 + (address & 0xffff)
    );
  };
  const offsetOf = (address: number): number => {
    const delta = loadMap[address >>> PAGE_SHIFT];
    if (delta !== 0) return (address + delta) | 0;
    if (address >>> 24 === 0x3c || address >>> 24 === 0x3d) return cachedOffset(address);
    if (
      address >= INSTRUCTION_CACHE_BUS.address &&
      address < INSTRUCTION_CACHE_BUS.address + INSTRUCTION_CACHE_BUS.length
    )
      return cachedOffset(address);
    if (
      address >= SRAM1_INSTRUCTION.address &&
      address < SRAM1_INSTRUCTION.address + SRAM1_INSTRUCTION.length
    )
      return layout.sram + (address - SRAM1_INSTRUCTION.address);
    if (address >= SRAM0.address && address < SRAM0.address + SRAM0.length)
      return layout.sram0 + (address - SRAM0.address);
    return -1;
  };
  const program: ProgramMemory = {
    read8(address) {
      const offset = offsetOf(address);
      return offset === -1 ? 0 : bytes[offset];
    },
    write8(address, value) {
      const offset = offsetOf(address);
      if (offset === -1) return;
      bytes[offset] = value;
      memory.stored(offset, 1);
    },
    read32(address) {
      let value = 0;
      for (let byte = 0; byte < 4; byte++) value |= program.read8(address + byte) << (8 * byte);
      return value;
    },
    write32(address, value) {
      for (let byte = 0; byte < 4; byte++) program.write8(address + byte, (value >>> (8 * byte)) & 255);
    },
  };
  return program;
}
