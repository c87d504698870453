/**
 * The slow way to memory: unaligned accesses, pages with code in them, cached memory, devices, faults.
 * Generated code inlines the fast way (see bus.ts) and comes here for everything else.
 */
import { ACCESS, type Access, type Bus, BusFault, CAUSE, PAGE_SHIFT } from '../bus/index.ts';
import { trap } from './errors.ts';
import { type CoreState, SR, TIME } from './state.ts';

export interface SlowAccess {
  load1(address: number, pc: number): number;
  load2(address: number, pc: number): number;
  load4(address: number, pc: number): number;
  store1(address: number, value: number, pc: number): void;
  store2(address: number, value: number, pc: number): void;
  store4(address: number, value: number, pc: number): void;
  /** Loads `count` (2 or 4) aligned words into the state's `words`. */
  loadWords(address: number, count: number, pc: number): void;
  /** Stores the state's `words`. */
  storeWords(address: number, count: number, pc: number): void;
  /** s32c1i: stores `value` if memory holds SCOMPARE1. @returns what it held */
  compareAndStore(address: number, value: number, pc: number): number;
  /** Raises an architectural exception from inside an instruction; never returns. */
  fault(cause: number, address: number, pc: number): never;
  /** While one is set, it is asked before anything happens: nothing is stored, and no device is reached. */
  listen(witness: Witness | undefined): void;
  /** Region attributes (data side), 4 bits per 512 MB; 15 = no access. */
  readonly dataAttributes: Uint8Array;
}

/** Who watches instructions that are not to change anything. */
export interface Witness {
  load(address: number): void;
  store(address: number, bytes: number, value: number): void;
  /** @returns what a device's register is taken to read */
  readDevice(address: number, bytes: number): number;
}

const NO_ACCESS = 15;

type Watch = (address: number, bytes: number, isStore: boolean, pc: number) => void;

/** Raises an architectural exception from inside an instruction. */
const fault = (cause: number, address: number, pc: number): never => {
  trap.cause = cause;
  trap.address = address;
  trap.pc = pc;
  throw trap;
};

/** A fault of the bus becomes an exception; anything else is the host's. */
const faulted = (error: unknown, address: number, pc: number): never => {
  if (error instanceof BusFault) return fault(error.cause, address, pc);
  throw error;
};

/** Devices' registers, as the core reaches them. */
function createDeviceAccess(bus: Bus, { core, time }: CoreState, now: () => number) {
  return {
    read(address: number, bytes: 1 | 2 | 4, pc: number): number {
      try {
        const value = bus.read(address >>> 0, bytes, core, now(), pc >>> 0);
        time[TIME.cycles] += bus.stall;
        return value | 0;
      } catch (error) {
        return faulted(error, address, pc);
      }
    },
    write(address: number, bytes: 1 | 2 | 4, value: number, pc: number): void {
      try {
        bus.write(address >>> 0, bytes, value, core, now(), pc >>> 0);
        time[TIME.cycles] += bus.stall;
        time[TIME.posted] = 1;
      } catch (error) {
        faulted(error, address, pc);
      }
    },
  };
}

/** Accesses that are aligned, to memory or a device. */
function createAlignedAccess(bus: Bus, state: CoreState, now: () => number, watch: Watch) {
  const { memory } = bus;
  const { view, loadMap, codeMap, writable, storeMap } = memory;
  const { core, time } = state;
  const dataAttributes = new Uint8Array(8);

  const device = createDeviceAccess(bus, state, now);
  let witness: Witness | undefined;

  /** Arena offset of an aligned access, or -1 for a device. Charges what the way there costs. */
  const locate = (address: number, bytes: number, access: Access, pc: number): number => {
    if (dataAttributes[address >>> 29] === NO_ACCESS) {
      fault(access === ACCESS.load ? CAUSE.loadProhibited : CAUSE.storeProhibited, address, pc);
    }
    if (witness !== undefined) {
      witness.load(address);
      const page = address >>> PAGE_SHIFT;
      const delta = loadMap[page] || (bytes === 4 ? codeMap[page] : 0); // literals
      return delta === 0 ? -1 : (address + delta) | 0;
    }
    watch(address, bytes, access === ACCESS.store, pc);
    const page = address >>> PAGE_SHIFT;
    const delta = access === ACCESS.load ? loadMap[page] : writable[page];
    if (delta !== 0) return (address + delta) | 0;
    try {
      const offset = bus.locate(address >>> 0, bytes, access, core, now());
      time[TIME.cycles] += bus.stall;
      return offset;
    } catch (error) {
      return faulted(error, address, pc);
    }
  };

  const stored = (address: number, offset: number, bytes: number) => {
    if (storeMap[address >>> PAGE_SHIFT] !== 0 || memory.stored(offset, bytes) === false) return;
    // Code that ran on in this slice may be void: leave it at the next back edge.
    time[TIME.limit] = -1;
  };

  const load = (address: number, bytes: 1 | 2 | 4, pc: number): number => {
    const offset = locate(address, bytes, ACCESS.load, pc);
    if (offset === -1) {
      return witness === undefined ? device.read(address, bytes, pc) : witness.readDevice(address, bytes);
    }
    if (bytes === 4) return view.getInt32(offset, true);
    return bytes === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
  };

  const store = (address: number, bytes: 1 | 2 | 4, value: number, pc: number): void => {
    if (witness !== undefined) {
      witness.store(address, bytes, value);
      return;
    }
    const offset = locate(address, bytes, ACCESS.store, pc);
    if (offset === -1) {
      device.write(address, bytes, value, pc);
      return;
    }
    if (bytes === 4) view.setInt32(offset, value, true);
    else if (bytes === 2) view.setInt16(offset, value, true);
    else view.setInt8(offset, value);
    stored(address, offset, bytes);
  };

  return {
    dataAttributes,
    listen(next: Witness | undefined) {
      witness = next;
    },
    locate,
    stored,
    load,
    store,
  };
}

/** @param now cycles since reset at the present point of the slice */
export function createSlowAccess(bus: Bus, state: CoreState, now: () => number, watch: Watch): SlowAccess {
  const { view } = bus.memory;
  const { special, words } = state;
  const { dataAttributes, listen, locate, stored, load, store } = createAlignedAccess(bus, state, now, watch);

  /** The hardware splits an unaligned access in two; byte by byte gives the same contents. */
  const loadUnaligned = (address: number, bytes: 2 | 4, pc: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index++) {
      value |= load((address + index) | 0, 1, pc) << (8 * index);
    }
    return value;
  };
  const storeUnaligned = (address: number, bytes: 2 | 4, value: number, pc: number) => {
    // The last byte first: should it fault, nothing has been written.
    for (let index = bytes - 1; index >= 0; index--) {
      store((address + index) | 0, 1, (value >>> (8 * index)) & 255, pc);
    }
  };

  return {
    dataAttributes,
    fault,
    listen,
    load1: (address, pc) => load(address, 1, pc),
    load2: (address, pc) => ((address & 1) === 0 ? load(address, 2, pc) : loadUnaligned(address, 2, pc)),
    load4: (address, pc) => ((address & 3) === 0 ? load(address, 4, pc) : loadUnaligned(address, 4, pc)),
    store1: (address, value, pc) => store(address, 1, value, pc),
    store2: (address, value, pc) =>
      (address & 1) === 0 ? store(address, 2, value, pc) : storeUnaligned(address, 2, value, pc),
    store4: (address, value, pc) =>
      (address & 3) === 0 ? store(address, 4, value, pc) : storeUnaligned(address, 4, value, pc),
    loadWords(address, count, pc) {
      const offset = locate(address, count * 4, ACCESS.load, pc);
      for (let index = 0; index < count; index++) {
        words[index] =
          offset === -1 ? load((address + 4 * index) | 0, 4, pc) : view.getInt32(offset + 4 * index, true);
      }
    },
    storeWords(address, count, pc) {
      const offset = locate(address, count * 4, ACCESS.store, pc);
      for (let index = 0; index < count; index++) {
        if (offset === -1) store((address + 4 * index) | 0, 4, words[index], pc);
        else view.setInt32(offset + 4 * index, words[index], true);
      }
      if (offset !== -1) stored(address, offset, count * 4);
    },
    compareAndStore(address, value, pc) {
      const old = load(address, 4, pc);
      if (old === special[SR.scompare1]) store(address, 4, value, pc);
      return old;
    },
  };
}
