/** What lies where in a built image: the report that `build` and `run` print. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type PlacedItem, type Purpose, type RegionName, SRAM, SRAM0 } from './memory.ts';

export interface MapEntry {
  name: string;
  purpose: Purpose;
  address: number;
  bytes: number;
  /** Bytes of it that a token reads, and writes, in the mean of a story. */
  reads: number;
  writes: number;
}

export interface MapRegion {
  name: RegionName;
  /** For people. */
  title: string;
  start: number;
  /** What the board has of it, for this program. */
  bytes: number;
  used: number;
  free: number;
  entries: MapEntry[];
}

export interface MemoryMap {
  context: number;
  regions: MapRegion[];
  /** Bytes by purpose, over all regions. */
  byPurpose: Record<Purpose, number>;
}

const TITLES: Readonly<Record<RegionName, string>> = {
  sram0: 'SRAM0 (code)',
  sram: 'SRAM1 and SRAM2',
  flash: 'flash, mapped',
  psram: 'PSRAM',
};

export interface MapSizes {
  flashBytes: number;
  psramBytes: number;
}

export function createMemoryMap(context: number, placed: readonly PlacedItem[], board: MapSizes): MemoryMap {
  const byPurpose: Record<Purpose, number> = {
    code: 0,
    weights: 0,
    tables: 0,
    activations: 0,
    'kv cache': 0,
    system: 0,
  };
  for (const { purpose, bytes } of placed) byPurpose[purpose] += bytes;
  const sizes: readonly (readonly [name: RegionName, bytes: number])[] = [
    ['sram0', SRAM0.end - SRAM0.start],
    ['sram', SRAM.end - SRAM.start],
    ['flash', board.flashBytes],
    ['psram', board.psramBytes],
  ];
  const regions = sizes.flatMap(([name, bytes]): MapRegion[] => {
    const entries = placed
      .filter(({ region }) => region === name)
      .sort((a, b) => a.address - b.address)
      .map(({ name, purpose, address, bytes, reads, writes }) => ({
        name,
        purpose,
        address,
        bytes,
        reads,
        writes,
      }));
    if (entries.length === 0) return [];
    const used = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    return [
      { name, title: TITLES[name], start: entries[0].address, bytes, used, free: bytes - used, entries },
    ];
  });
  return { context, regions, byPurpose };
}

/** 16 hexadecimal digits that change with any address or size: board and simulator compare them. */
export function mapFingerprint({ context, regions }: MemoryMap): string {
  const lines = regions.flatMap(({ entries }) =>
    entries.map(({ name, address, bytes }) => `${name} ${address} ${bytes}`),
  );
  return bytesToHex(sha256(utf8ToBytes([context, ...lines].join('\n')))).slice(0, 16);
}
