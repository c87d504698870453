/**
 * What a UART measures of the line it receives while AUTOBAUD_EN is set (TRM chapter 26.4.4): edges, and the shortest pulses in cycles of
 * its source clock. The ROM finds a flashing tool's rate by it.
 */

const LOWEST_MARK = 0xfff;
const MOST_EDGES = 0x3ff;

export interface Autobaud {
  /** A byte came, at so many source cycles a bit. */
  measure(byte: number, cyclesPerBit: number): void;
  reset(): void;
  /** Registers LOWPULSE and HIGHPULSE (cycles - 1), RXD_CNT, POSPULSE and NEGPULSE (between two edges of a kind). */
  readonly low: number;
  readonly high: number;
  readonly edges: number;
  readonly period: number;
}

export function createAutobaud(): Autobaud {
  const shortest = { low: LOWEST_MARK, high: LOWEST_MARK, period: LOWEST_MARK };
  let edges = 0;
  const note = (kind: keyof typeof shortest, cycles: number) => {
    shortest[kind] = Math.min(shortest[kind], Math.max(Math.round(cycles) - 1, 0));
  };
  return {
    measure(byte, cyclesPerBit) {
      // Start bit, data from bit 0, stop bit; the line was high before. Only pulses with two edges within the byte count.
      const levels = [0, ...Array.from({ length: 8 }, (_, bit) => (byte >>> bit) & 1), 1];
      const changes = levels.flatMap((level, bit) => (level !== (levels[bit - 1] ?? 1) ? [bit] : []));
      edges = Math.min(edges + changes.length, MOST_EDGES);
      for (let index = 1; index < changes.length; index++) {
        const bits = changes[index] - changes[index - 1];
        note(levels[changes[index - 1]] === 0 ? 'low' : 'high', bits * cyclesPerBit);
        if (index > 1) note('period', (changes[index] - changes[index - 2]) * cyclesPerBit);
      }
    },
    reset() {
      shortest.low = shortest.high = shortest.period = LOWEST_MARK;
      edges = 0;
    },
    get low() {
      return shortest.low;
    },
    get high() {
      return shortest.high;
    },
    get period() {
      return shortest.period;
    },
    get edges() {
      return edges;
    },
  };
}
