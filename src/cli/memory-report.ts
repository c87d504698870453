/** The memory map of an image as text: a table of regions, and one of purposes. */
import type { Firmware, Prediction, RegionName } from '../firmware/index.ts';
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

const TITLES: Readonly<Record<RegionName, string>> = {
  sram0: 'SRAM0',
  sram: 'SRAM',
  flash: 'flash',
  psram: 'PSRAM',
};
const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Speed in digits that matter. */
export const formatSpeed = (tokensPerSecond: number): string =>
  tokensPerSecond < 100 ? tokensPerSecond.toFixed(1) : tokensPerSecond.toFixed(0);

/** How many positions a pass takes, and why: for `build --map`. */
export const formatPasses = ({
  lanes,
  drafts,
  drafter,
}: Pick<Firmware, 'lanes' | 'drafts' | 'drafter'>): string =>
  lanes === 0
    ? '  a pass takes one position: more would gain nothing where weights lie in SRAM, or have no room'
    : `  a pass takes up to ${lanes} positions of a prompt${drafts > 0 ? `, and checks up to ${drafts} tokens that ${drafter ? 'a small model guesses' : 'are guessed from the text so far'}; the prediction is without guesses` : ''}`;

/** What a token moves by memory, what each could move, and the speed that follows: for `build --map`. */
export function formatTraffic({
  positions,
  tokensPerSecond,
  cyclesPerToken,
  coreCycles,
  traffic,
}: Prediction): string {
  const rows = traffic.map(({ region, reads, writes, limit, share }) => [
    TITLES[region],
    kilobytes(reads),
    writes > 0 ? kilobytes(writes) : '',
    limit === undefined ? '' : `${(limit / 1e6).toFixed(1)} MB/s`,
    share > 0 ? percent(share) : '',
  ]);
  const table = formatTable([['a token', 'reads', 'writes', 'limit', 'of the time'], ...rows], '  ');
  const alone = percent(Math.min(1, coreCycles / cyclesPerToken));
  return `${table}\n\n  predicted: ${formatSpeed(tokensPerSecond)} tokens/s, mean of ${positions}; the cores alone would take ${alone} of the time`;
}
