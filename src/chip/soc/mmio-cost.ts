/** What an access to a register costs (docs/esp32-s3.md A3, "MMIO costs from CPU", measured on silicon). */

/** CPU cycles of a read, and per write once the eight posted ones are out. */
const TIERS = {
  fast: { read: 9, write: 4 }, // 0x600Cxxxx
  apb: { read: 15, write: 15 },
  radio: { read: 18, write: 18 },
  rtc: { read: 80, write: 70 }, // RTC_CNTL and its neighbours, eFuse
} as const;

const POSTED_WRITES = 8;

function tierOf(address: number) {
  if (address >>> 16 === 0x600c || address >>> 16 === 0x600d) return TIERS.fast;
  const page = address >>> 12;
  if (page === 0x60007 || page === 0x60008) return TIERS.rtc;
  return page === 0x6001c || (page >= 0x60033 && page <= 0x60035) ? TIERS.radio : TIERS.apb;
}

/** Cycles of a load in all. */
export const readCycles = (address: number): number => tierOf(address).read;
/** Cycles that a store occupies the peripheral bus. */
export const writeCycles = (address: number): number => tierOf(address).write;

export interface PostedWrites {
  /** A store at `cycle` that occupies its bus for `cycles`; returns the extra cycles the core waits. */
  post(cycle: number, cycles: number): number;
  /** Cycles until all stores have arrived. */
  drain(cycle: number): number;
  reset(): void;
}

/** The write buffer of one core: eight stores wait their turn, the ninth waits for room. */
export function createPostedWrites(): PostedWrites {
  const done = new Float64Array(POSTED_WRITES); // completion of the last eight stores
  let next = 0;
  let last = 0;
  return {
    post(cycle, cycles) {
      const wait = Math.max(done[next] - cycle, 0);
      last = Math.max(last, cycle) + cycles;
      done[next] = last;
      next = (next + 1) % POSTED_WRITES;
      return wait;
    },
    drain: (cycle) => Math.max(last - cycle, 0),
    reset() {
      done.fill(0);
      next = 0;
      last = 0;
    },
  };
}
