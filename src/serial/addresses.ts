/** Puts function names beside the code addresses that a panic prints. */

/** Code addresses of the chip: internal memory by the I-bus, and flash by the instruction cache. */
const CODE_ADDRESS = /\b0x4(?:03[7-9a-d]|2)[0-9a-f]{4,6}\b/gi;
const PANIC = /panic|exception|Guru Meditation/i;
/** Lines after the first word of a panic that may still belong to it. */
const PANIC_LINES = 24;

/** Name and distance of the last symbol at or before an address, such as `forward+0x12`. */
export function createSymbolizer(
  symbols: ReadonlyMap<string, number>,
): (address: number) => string | undefined {
  const sorted = [...symbols]
    .map(([name, address]) => ({ name, address: address >>> 0 }))
    .sort((a, b) => a.address - b.address);
  return (address) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = sorted[low - 1];
    const distance = symbol ? address - symbol.address : Number.POSITIVE_INFINITY;
    const farthest = 0x8000; // the whole code memory; beyond it the name would mean nothing
    if (distance > farthest) return undefined;
    return distance === 0 ? symbol.name : `${symbol.name}+0x${distance.toString(16)}`;
  };
}

/**
 * Watches lines for a panic and gives, for each of its lines that holds code addresses, a line that names them.
 * @param symbolize asked only when there is something to name, so that making it may cost something
 */
export function createPanicDecoder(
  symbolize: (address: number) => string | undefined,
): (line: string) => string | undefined {
  let left = 0;
  return (line) => {
    if (PANIC.test(line)) left = PANIC_LINES;
    if (left === 0) return undefined;
    left--;
    const names = [...line.matchAll(CODE_ADDRESS)].flatMap(([text]) => {
      const name = symbolize(Number.parseInt(text, 16));
      return name ? [`${text} ${name}`] : [];
    });
    return names.length > 0 ? `--- ${names.join(', ')}` : undefined;
  };
}
