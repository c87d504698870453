/** How ROM code reaches memory and registers: word by word over the same bus as a program. */

import { ACCESS } from '../../bus/index.ts';
import type { Clock } from '../clock.ts';
import type { SocBus } from '../soc-bus.ts';

export interface RomMemory {
  /** @throws BusFault as a program's access would */
  load(address: number): number;
  store(address: number, value: number): void;
  /** Changes only the bits of `mask`. */
  change(address: number, mask: number, value: number): void;
}

/** @param pc address in the ROM that stands for the loop doing it, for warnings */
export function createRomMemory(bus: SocBus, clock: Clock, pc: number): RomMemory {
  const { view } = bus.memory;
  const memory: RomMemory = {
    load(address) {
      const offset = bus.locate(address, 4, ACCESS.load, 0, clock.cycles);
      return offset === -1 ? bus.read(address, 4, 0, clock.cycles, pc) >>> 0 : view.getUint32(offset, true);
    },
    store(address, value) {
      const offset = bus.locate(address, 4, ACCESS.store, 0, clock.cycles);
      if (offset === -1) bus.write(address, 4, value >>> 0, 0, clock.cycles, pc);
      else {
        view.setUint32(offset, value, true);
        bus.memory.stored(offset, 4);
      }
    },
    change(address, mask, value) {
      memory.store(address, (memory.load(address) & ~mask) | value);
    },
  };
  return memory;
}
