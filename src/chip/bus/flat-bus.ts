/** A bus with nothing but plain memory: for bare ELF programs and tests. */

import { FailureError } from '../../errors.ts';
import { type Bus, BusFault, createMemory, PAGE_SHIFT } from './bus.ts';
import { CAUSE } from './causes.ts';

const PAGE = 1 << PAGE_SHIFT;

export interface FlatBus extends Bus {
  /** Makes [address, address + length) plain memory (whole pages; what is there already stays). */
  provide(address: number, length: number): void;
  /** Copies bytes in, providing memory where there is none. */
  load(address: number, bytes: Uint8Array): void;
  /** One byte; unprovided ones are 0. */
  read8(address: number): number;
  write8(address: number, value: number): void;
  read32(address: number): number;
  write32(address: number, value: number): void;
}

/**
 * @param capacity bytes of memory that may be provided in all
 * @param onDemand says where an access may make memory appear
 */
export function createFlatBus(
  capacity: number,
  onDemand: (address: number) => boolean = () => false,
): FlatBus {
  const memory = createMemory(capacity);
  // Offset 0 is left out, so that no page can lie at an offset equal to its address.
  let used = PAGE;
  const take = (address: number) => {
    if (used === address) used += PAGE;
    if (used + PAGE > capacity) {
      throw new FailureError(`the program needs more than the ${capacity} bytes of memory that it may have.`);
    }
    used += PAGE;
    return used - PAGE;
  };
  const offsetOf = (address: number) => {
    const delta = memory.writable[address >>> PAGE_SHIFT];
    return delta === 0 ? -1 : (address + delta) | 0;
  };

  const bus: FlatBus = {
    memory,
    stall: 0,
    fetchLine: 32,
    isCachedCode: () => false,
    locate(address) {
      if (!onDemand(address)) return -1;
      bus.provide(address, 1);
      return offsetOf(address);
    },
    read(address) {
      throw new BusFault(CAUSE.loadProhibited, address);
    },
    write(address) {
      throw new BusFault(CAUSE.storeProhibited, address);
    },
    provide(address, length) {
      const first = address - (address % PAGE);
      for (let page = first; page < address + length; page += PAGE) {
        if (offsetOf(page) === -1) memory.map(page, PAGE, take(page), { load: true, store: true });
      }
    },
    load(address, bytes) {
      bus.provide(address, bytes.length);
      for (let index = 0; index < bytes.length; index++) {
        memory.bytes[offsetOf(address + index)] = bytes[index];
      }
      memory.remapped();
    },
    read8(address) {
      const offset = offsetOf(address);
      return offset === -1 ? 0 : memory.bytes[offset];
    },
    write8(address, value) {
      bus.provide(address, 1);
      const offset = offsetOf(address);
      memory.bytes[offset] = value;
      memory.stored(offset, 1);
    },
    read32(address) {
      let value = 0;
      for (let byte = 0; byte < 4; byte++) value |= bus.read8(address + byte) << (8 * byte);
      return value;
    },
    write32(address, value) {
      for (let byte = 0; byte < 4; byte++) bus.write8(address + byte, (value >>> (8 * byte)) & 255);
    },
  };
  return bus;
}
