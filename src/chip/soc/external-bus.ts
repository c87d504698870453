/**
 * Time on the one bus to flash and PSRAM: what a line costs, and waiting for the transfer before (docs/esp32-s3.md B5).
 *
 * A transfer takes `busClocks × (CPU clock / bus clock) + overhead` CPU cycles. A line comes from its first byte to its last, and the core
 * that misses goes on when its bytes are there, as does one that asks for others of the same line; the bus stays busy until the line is
 * complete, and the next transfer, of either core, waits for that. With these rules n sequential lines cost what was measured on silicon:
 * flash 115 + 473·(n−1), octal PSRAM 82 + 170·(n−1), flash to the ICache 204 + 266·(n−1).
 */
import { FIRST_WORD_BYTES } from '../bus/index.ts';

export type FlashMode = 'qio' | 'qout' | 'dio' | 'dout' | 'fast' | 'slow';
export type PsramMode = 'octal' | 'quad';

/** Bus clocks before the first data bit, and per byte (command 8 bits on one line, 24-bit address). */
const FLASH_CLOCKS: Readonly<Record<FlashMode, { readonly header: number; readonly perByte: number }>> = {
  qio: { header: 8 + 6 + 6, perByte: 2 },
  qout: { header: 8 + 24 + 8, perByte: 2 },
  dio: { header: 8 + 12 + 4, perByte: 4 },
  dout: { header: 8 + 24 + 8, perByte: 4 },
  fast: { header: 8 + 24 + 8, perByte: 8 },
  slow: { header: 8 + 24, perByte: 8 },
};
/** Octal DTR: command 1, address 2, latency 10, two bytes a clock. Quad: command 2, address 6, dummy 6. */
const PSRAM_READ_CLOCKS: Readonly<Record<PsramMode, { readonly header: number; readonly perByte: number }>> =
  {
    octal: { header: 1 + 2 + 10, perByte: 0.5 },
    quad: { header: 2 + 6 + 6, perByte: 2 },
  };
/** Writes: octal latency 7; 162 cycles for 64 B at 80 MHz measured. */
const PSRAM_WRITE_CLOCKS: Readonly<Record<PsramMode, { readonly header: number; readonly perByte: number }>> =
  {
    octal: { header: 1 + 2 + 7, perByte: 0.5 },
    quad: { header: 2 + 6, perByte: 2 },
  };

/** CPU cycles beside the bus clocks, fitted to B5 at 240 MHz (an eviction's to the copies into PSRAM there). */
const OVERHEAD = { dataFlash: 29, instructionFlash: 14, psram: 37, psramWrite: 36, eviction: 22 } as const;
/** Share of a line that must have come before the ICache releases a fetch: 204 of 266 cycles for 32 bytes. Data wait for a word. */
const INSTRUCTION_LINE_SHARE = 2 / 3;

export interface BusTiming {
  readonly flashMode: FlashMode;
  readonly flashHertz: number;
  readonly psramMode: PsramMode;
  readonly psramHertz: number;
  readonly cpuHertz: number;
}

/** CPU cycles of one line: until the core goes on, and until the bus is free. */
export interface LineCost {
  readonly first: number;
  readonly whole: number;
  /** CPU cycles for each further byte; 0 where the first release is all that is known (instructions). */
  readonly perByte: number;
}

export interface LineCosts {
  readonly dataFlash: LineCost;
  readonly instructionFlash: LineCost;
  readonly dataPsram: LineCost;
  readonly instructionPsram: LineCost;
  /** Write-back of a dirty data line by a sync command. */
  readonly writeBack: number;
  /** The same for a line that gives way to another. */
  readonly eviction: number;
}

/** @returns the costs for lines of these sizes in bytes. */
export function lineCosts(timing: BusTiming, dataLine: number, instructionLine: number): LineCosts {
  const cost = (
    clocks: { readonly header: number; readonly perByte: number },
    hertz: number,
    overhead: number,
    line: number,
    first: number,
  ): LineCost => {
    const ratio = timing.cpuHertz / hertz;
    const cycles = (bytes: number) => Math.round((clocks.header + clocks.perByte * bytes) * ratio + overhead);
    const perByte = first === FIRST_WORD_BYTES ? clocks.perByte * ratio : 0;
    return { first: cycles(first), whole: cycles(line), perByte };
  };
  const flash = FLASH_CLOCKS[timing.flashMode];
  const psram = PSRAM_READ_CLOCKS[timing.psramMode];
  const write = PSRAM_WRITE_CLOCKS[timing.psramMode];
  const share = instructionLine * INSTRUCTION_LINE_SHARE;
  const { flashHertz, psramHertz } = timing;
  return {
    dataFlash: cost(flash, flashHertz, OVERHEAD.dataFlash, dataLine, FIRST_WORD_BYTES),
    instructionFlash: cost(flash, flashHertz, OVERHEAD.instructionFlash, instructionLine, share),
    dataPsram: cost(psram, psramHertz, OVERHEAD.psram, dataLine, FIRST_WORD_BYTES),
    instructionPsram: cost(psram, psramHertz, OVERHEAD.psram, instructionLine, share),
    writeBack: cost(write, psramHertz, OVERHEAD.psramWrite, dataLine, 0).whole,
    eviction: cost(write, psramHertz, OVERHEAD.eviction, dataLine, 0).whole,
  };
}

export interface ExternalBus {
  /** Starts a transfer at `cycle` at the earliest; returns the cycles the core waits for the first word. */
  transfer(cycle: number, cost: LineCost): number;
  /** Starts a transfer nobody waits for (write-back, preload). */
  background(cycle: number, cycles: number): void;
  /** Cycle from which the bus is free. */
  readonly freeAt: number;
  reset(): void;
}

export function createExternalBus(): ExternalBus {
  let freeAt = 0;
  return {
    get freeAt() {
      return freeAt;
    },
    transfer(cycle, cost) {
      const start = Math.max(cycle, freeAt);
      freeAt = start + cost.whole;
      return start + cost.first - cycle;
    },
    background(cycle, cycles) {
      freeAt = Math.max(cycle, freeAt) + cycles;
    },
    reset() {
      freeAt = 0;
    },
  };
}
