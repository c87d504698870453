/**
 * Where the segments of a foreign program lie on a board: which pages of flash and PSRAM appear at the addresses that
 * it was linked for, and what the chip has no room for.
 */
import { FailureError } from '../../../errors.ts';
import type { Elf, ElfSegment } from '../../../xtensa/index.ts';
import type { Board } from '../../boards/index.ts';
import type { CacheGeometry } from '../cache-tags.ts';
import {
  CACHE_BANKS,
  DATA_CACHE_BUS,
  INSTRUCTION_CACHE_BUS,
  RTC_FAST,
  RTC_SLOW,
  SRAM_DATA,
  SRAM0,
  SRAM1_INSTRUCTION,
} from '../memory-map.ts';
import { hex } from '../warnings.ts';

const PAGE_BYTES = 0x10000;
const MMU_ENTRIES = 512;
/** Where PSRAM appears when no segment asks for a place in it. */
const PSRAM_DEFAULT_PAGE = 0x100; // 0x3D000000

export type Target = 'flash' | 'psram';

export interface Mapping {
  readonly entry: number;
  readonly target: Target;
  /** Number of the 64 KB page in flash or PSRAM. */
  readonly page: number;
}

export interface PlacementOptions {
  readonly board: Board;
  /** Names of sections that shall lie in PSRAM although they are read only; `all` stands for every one. */
  readonly psramSections: readonly string[];
  readonly dataCache: CacheGeometry;
  readonly instructionCache: CacheGeometry;
  /** Whether the instruction cache is wanted although no segment needs it. */
  readonly cachesCode: boolean;
}

export interface Placement {
  readonly mappings: readonly Mapping[];
  /** Whether code is fetched through the instruction cache, which then takes its share of SRAM. */
  readonly cachesCode: boolean;
}

interface Region {
  readonly address: number;
  readonly length: number;
}

const isIn = ({ address, length }: Region, at: number): boolean => at >= address && at < address + length;
const isCached = (at: number): boolean => isIn(DATA_CACHE_BUS, at) || isIn(INSTRUCTION_CACHE_BUS, at);
const RAM: readonly Region[] = [SRAM_DATA, SRAM0, SRAM1_INSTRUCTION, RTC_FAST, RTC_SLOW];
const entryOf = (address: number): number => (address & 0x1ffffff) >>> 16;

/** Banks of SRAM that caches of these sizes take. */
export function takenBanks(
  dataBytes: number,
  instructionBytes: number,
): readonly (typeof CACHE_BANKS)[number][] {
  const [first, second, third, fourth] = CACHE_BANKS;
  return [
    ...(instructionBytes > 0 ? [first] : []),
    ...(instructionBytes > 16 << 10 ? [second] : []),
    ...(dataBytes > 32 << 10 ? [third] : []),
    fourth,
  ];
}

/** Writable data can only be in PSRAM; the rest is in flash unless the names of its sections say otherwise. */
function targetOf(elf: Elf, segment: ElfSegment, wanted: readonly string[]): Target {
  if (wanted.includes('all')) return 'psram';
  const within = elf.sections.filter(
    ({ address, size, flags }) =>
      flags.allocate &&
      size > 0 &&
      address >= segment.address &&
      address < segment.address + segment.memorySize,
  );
  const isNamed = ({ name }: { name: string }) => wanted.includes(name) || /psram|ext_ram|spiram/i.test(name);
  if (within.some(isNamed)) return 'psram';
  const isWritable = within.length > 0 ? within.some(({ flags }) => flags.write) : segment.flags.write;
  return isWritable && !isIn(INSTRUCTION_CACHE_BUS, segment.address) ? 'psram' : 'flash';
}

/** @throws FailureError where the chip or the board has no such memory */
export function placeProgram(elf: Elf, options: PlacementOptions): Placement {
  const cachesCode =
    options.cachesCode || elf.segments.some(({ address }) => isIn(INSTRUCTION_CACHE_BUS, address));
  const segments = elf.segments.filter(({ memorySize }) => memorySize > 0);
  for (const segment of segments) checkSegment(segment, cachesCode, options);
  const wanted = new Map<number, Target>();
  for (const segment of segments) {
    if (!isCached(segment.address)) continue;
    const target = targetOf(elf, segment, options.psramSections);
    const last = segment.address + Math.max(segment.memorySize, 1) - 1;
    for (let entry = entryOf(segment.address); entry <= entryOf(last); entry++) {
      if (wanted.has(entry) && wanted.get(entry) !== target) {
        throw new FailureError(
          `the 64 KB page at ${hex(DATA_CACHE_BUS.address + entry * PAGE_BYTES)} (or ${hex(INSTRUCTION_CACHE_BUS.address + entry * PAGE_BYTES)}) would have to be flash and PSRAM at once; link the two segments into different pages.`,
        );
      }
      wanted.set(entry, target);
    }
  }
  return { mappings: mapPages(wanted, options.board), cachesCode };
}

/** Flash pages in order; PSRAM in one piece from its first segment on, so that a heap can follow. */
function mapPages(wanted: ReadonlyMap<number, Target>, board: Board): Mapping[] {
  const mappings: Mapping[] = [];
  const ofTarget = (target: Target) =>
    [...wanted]
      .filter(([, its]) => its === target)
      .map(([entry]) => entry)
      .sort((a, b) => a - b);
  for (const [page, entry] of ofTarget('flash').entries()) mappings.push({ entry, target: 'flash', page });
  const inPsram = ofTarget('psram');
  const first = inPsram[0] ?? PSRAM_DEFAULT_PAGE;
  const pages = board.psramBytes / PAGE_BYTES;
  const needed = (inPsram.at(-1) ?? first - 1) - first + 1;
  if (needed > pages) {
    throw new FailureError(
      `the program wants ${needed * 64} KB of PSRAM from ${hex(DATA_CACHE_BUS.address + first * PAGE_BYTES)} on, and ${board.name} has ${pages * 64}; choose another --board or link it closer together.`,
    );
  }
  for (let page = 0; page < pages && first + page < MMU_ENTRIES; page++) {
    if (wanted.get(first + page) !== 'flash') mappings.push({ entry: first + page, target: 'psram', page });
  }
  const flashPages = ofTarget('flash').length;
  if (flashPages * PAGE_BYTES > board.flashBytes)
    throw new FailureError(`the program wants ${flashPages * 64} KB of flash, and ${board.name} has less.`);
  return mappings;
}

function checkSegment(segment: ElfSegment, cachesCode: boolean, options: PlacementOptions): void {
  const { address, memorySize } = segment;
  const last = address + Math.max(memorySize, 1) - 1;
  const what = `the segment at ${hex(address)} (${memorySize} bytes)`;
  const regions: readonly Region[] = [...RAM, DATA_CACHE_BUS, INSTRUCTION_CACHE_BUS];
  if (!regions.some((region) => isIn(region, address) && isIn(region, last))) {
    throw new FailureError(
      `${what} lies where an ESP32-S3 has no memory; link code to 0x40378000 or 0x42000000, data to 0x3fc88000 (SRAM), 0x3c000000 (flash, PSRAM).`,
    );
  }
  const { dataCache, instructionCache } = options;
  for (const bank of takenBanks(dataCache.bytes, cachesCode ? instructionCache.bytes : 0)) {
    if (address < bank.address + bank.length && bank.address <= last) {
      throw new FailureError(
        `${what} lies in SRAM that the ${bank.owner} takes (${hex(bank.address)}, ${bank.length >> 10} KB); link it elsewhere or choose a smaller cache.`,
      );
    }
  }
}
