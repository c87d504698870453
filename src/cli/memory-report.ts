/** The memory map of an image as text: a table of regions, and one of purposes. */
import type { Firmware } from '../firmware/index.ts';
import { formatTable, kilobytes } from './table.ts';

/** Regions with what is used and free, then what the bytes are for. */
export function formatMemory({ memoryMap, context }: Firmware): string {
  const regions = memoryMap.regions.map(({ title, start, used, free }) => [
    title,
    `0x${(start >>> 0).toString(16)}`,
    kilobytes(used),
    kilobytes(free),
  ]);
  const purposes = Object.entries(memoryMap.byPurpose)
    .filter(([, bytes]) => bytes > 0)
    .map(([purpose, bytes]) => [
      purpose,
      kilobytes(bytes),
      purpose === 'kv cache' ? `for ${context} positions` : '',
    ]);
  return [
    formatTable([['region', 'from', 'used', 'free'], ...regions], '  '),
    formatTable([['used for', 'size', ''], ...purposes], '  '),
  ].join('\n\n');
}

/** Every item with its address, for `build --map`. */
export function formatItems({ memoryMap }: Firmware): string {
  const rows = memoryMap.regions.flatMap(({ title, entries }) =>
    entries.map(({ name, purpose, address, bytes }) => [
      `0x${(address >>> 0).toString(16)}`,
      String(bytes),
      name,
      purpose,
      title,
    ]),
  );
  return formatTable([['address', 'bytes', 'item', 'purpose', 'region'], ...rows]);
}
