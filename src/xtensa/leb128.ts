/** Numbers in bytes of seven bits, the lowest first (DWARF 5, 7.6). */

/** The bytes of a whole number; unsigned ones must not be negative. */
export function leb128(value: number, signed: boolean): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (true) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const isLast = signed ? (rest === 0n && low < 64) || (rest === -1n && low >= 64) : rest === 0n;
    bytes.push(isLast ? low : low | 128);
    if (isLast) return bytes;
  }
}
