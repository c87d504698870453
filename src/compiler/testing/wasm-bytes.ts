/** Pieces of WebAssembly binaries, for modules made in tests. */

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest > 0x7f;
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && !(low & 0x40)) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

export const section = (id: number, body: readonly number[]) => [id, ...unsigned(body.length), ...body];
export const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
export const text = (value: string) => [...unsigned(value.length), ...[...value].map((c) => c.charCodeAt(0))];
