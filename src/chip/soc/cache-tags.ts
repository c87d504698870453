/**
 * Tags of one cache: which lines it holds. Set-associative with least-recently-used replacement (the chip's
 * own policy is not documented); contents stay in the backing memory, so that only time depends on the tags.
 */

export interface CacheGeometry {
  readonly bytes: number;
  readonly ways: number;
  readonly lineBytes: number;
}

/** What a look-up did. */
export const LOOKUP = { hit: 0, miss: 1, missDirtyVictim: 2 } as const;

export interface CacheTags {
  readonly geometry: CacheGeometry;
  readonly lineShift: number;
  /** Looks up (and on a miss brings in) the line of `address`; `dirty` marks it written. */
  access(address: number, dirty: boolean): number;
  /** Whether the line of `address` is there or on its way; nothing changes. */
  holds(address: number): boolean;
  /** Cycle at which the line that was accessed last is complete. */
  arrival: number;
  /** Forgets lines in [address, address + bytes); all with bytes = 0. Dirty ones are dropped. */
  invalidate(address: number, bytes: number): void;
  /** Marks lines clean and returns how many were dirty. */
  writeBack(address: number, bytes: number): number;
}

const EMPTY = -1;

export function createCacheTags(geometry: CacheGeometry): CacheTags {
  const { bytes, ways, lineBytes } = geometry;
  const lineShift = Math.log2(lineBytes);
  const sets = bytes / (ways * lineBytes);
  const setMask = sets - 1;
  const tags = new Int32Array(sets * ways).fill(EMPTY); // (set, way), most recently used first
  const dirtyBits = new Uint8Array(sets * ways);
  const arrivals = new Float64Array(sets * ways);
  let last = 0;

  const slots = function* (address: number, length: number) {
    const first = address >>> lineShift;
    const last = (address + Math.max(length, 1) - 1) >>> lineShift;
    for (let slot = 0; slot < tags.length; slot++) {
      if (tags[slot] !== EMPTY && (length === 0 || (tags[slot] >= first && tags[slot] <= last))) yield slot;
    }
  };

  return {
    geometry,
    lineShift,
    access(address, dirty) {
      const line = address >>> lineShift;
      const base = (line & setMask) * ways;
      last = base;
      if (tags[base] === line) {
        if (dirty) dirtyBits[base] = 1;
        return LOOKUP.hit;
      }
      let way = 1;
      while (way < ways && tags[base + way] !== line) way++;
      const hit = way < ways;
      if (!hit) way = ways - 1;
      const victimDirty = !hit && dirtyBits[base + way] === 1;
      const wasDirty = hit && dirtyBits[base + way] === 1;
      const arrival = hit ? arrivals[base + way] : 0;
      // Steps of a few: copyWithin takes longer.
      for (let slot = base + way; slot > base; slot--) {
        tags[slot] = tags[slot - 1];
        dirtyBits[slot] = dirtyBits[slot - 1];
        arrivals[slot] = arrivals[slot - 1];
      }
      tags[base] = line;
      arrivals[base] = arrival;
      dirtyBits[base] = wasDirty || dirty ? 1 : 0;
      if (hit) return LOOKUP.hit;
      return victimDirty ? LOOKUP.missDirtyVictim : LOOKUP.miss;
    },
    holds(address) {
      const line = address >>> lineShift;
      const base = (line & setMask) * ways;
      for (let way = 0; way < ways; way++) if (tags[base + way] === line) return true;
      return false;
    },
    get arrival() {
      return arrivals[last];
    },
    set arrival(cycle) {
      arrivals[last] = cycle;
    },
    invalidate(address, length) {
      for (const slot of slots(address, length)) {
        tags[slot] = EMPTY;
        dirtyBits[slot] = 0;
      }
    },
    writeBack(address, length) {
      let count = 0;
      for (const slot of slots(address, length)) {
        count += dirtyBits[slot];
        dirtyBits[slot] = 0;
      }
      return count;
    },
  };
}
