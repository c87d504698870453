/**
 * When SPI0 and SPI1 sample what PSRAM sends (docs/esp32-s3.md B6). Above 40 MHz in both clock edges (octal) or 80 in one (quad) the delay from the
 * chip to the pins and back is longer than a bit, so the controller must be told by how much to wait; how much that is differs from board to board.
 *
 * ESP-IDF tries its settings in the order of the moment they sample at. That order is the scale here: a further dummy clock is so many
 * steps later, a delay of the inputs so many earlier. A step is a twelfth of a clock of 40 MHz, 2.1 ns, at both core clocks. Which steps read right is a
 * window of a few, whose place, the way there and back, is the board's; its length, the time of a bit, falls as the bus clock rises. Where
 * the PLL runs at another clock, steps and bits become shorter, and the way does not.
 */
import type { PsramMode } from './external-bus.ts';

export interface DelaySetting {
  readonly mode: number;
  readonly num: number;
  readonly dummy: number;
}

/** Steps that read right, of octal at 80 MHz and of quad at 120: from `first`, `length` of them. */
export interface SampleWindow {
  readonly first: number;
  readonly length: number;
  /** Bus clock that the PSRAM itself bears; any where absent. */
  readonly fastestHertz?: number;
}

/** Up to this there is nothing to wait for; above it no setting reads right by luck. */
const UNTUNED_HERTZ: Readonly<Record<PsramMode, number>> = { octal: 40e6, quad: 80e6 };
/** Bus clock of the windows. */
const WINDOW_HERTZ: Readonly<Record<PsramMode, number>> = { octal: 80e6, quad: 120e6 };
/** Of the PLL, by which all clocks of the bus follow. */
const PLL_HERTZ = 480e6;

interface Scale {
  readonly dummy: number;
  readonly delays: Readonly<Record<string, number>>;
}

/** By the core clock in MHz, whose half is the bus clock: steps of a dummy clock, and of each input delay (mode, num). */
const SCALES: Readonly<Record<PsramMode, Readonly<Record<number, Scale>>>> = {
  octal: {
    160: { dummy: 6, delays: { '0,0': 0, '1,0': -2, '4,0': -7, '4,1': -9, '2,1': -10, '4,2': -11 } },
    240: { dummy: 4, delays: { '0,0': 0, '1,0': -2, '4,0': -5, '4,1': -7 } },
  },
  quad: { 240: { dummy: 4, delays: { '1,0': 0, '0,0': 1, '1,1': -2, '2,3': -5 } } },
};

/** The step that a setting samples at; undefined where ESP-IDF has none like it. */
export function stepOf(
  { mode, num, dummy }: DelaySetting,
  coreMegahertz: number,
  psram: PsramMode = 'octal',
): number | undefined {
  const scale = SCALES[psram][coreMegahertz];
  const delay = scale?.delays[`${mode},${num}`];
  return delay === undefined ? undefined : delay + scale.dummy * dummy;
}

/** Core and bus clock as they are while the PLL runs at 480 MHz; what it does run at. */
export interface MemoryClocks {
  readonly coreHertz: number;
  readonly busHertz: number;
  readonly pllHertz?: number;
}

/** Whether PSRAM of a kind is read right. */
export function samplesRight(
  psram: PsramMode,
  setting: DelaySetting,
  window: SampleWindow,
  { coreHertz, busHertz, pllHertz = PLL_HERTZ }: MemoryClocks,
): boolean {
  if (busHertz <= UNTUNED_HERTZ[psram]) return true;
  const drift = pllHertz / PLL_HERTZ;
  if (window.fastestHertz && busHertz * drift > window.fastestHertz) return false;
  const step = stepOf(setting, coreHertz / 1e6, psram);
  const first = window.first * drift;
  const length = Math.floor((window.length * WINDOW_HERTZ[psram]) / busHertz);
  return step !== undefined && step >= first && step < first + length;
}

/** How many lengths ESP-IDF takes for those of a window, from three up. */
const LENGTHS: Readonly<Record<PsramMode, number>> = { octal: 3, quad: 2 };

/** The window of one unit of a board, by its MAC address: some are early and some late, some wide and some narrow. */
export function windowOf(mac: readonly number[], psram: PsramMode = 'octal'): SampleWindow {
  const seed = mac.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
  return { first: 2 + ((seed >>> 8) % 5), length: 3 + ((seed >>> 16) % LENGTHS[psram]) };
}

/** The middle of a window of octal PSRAM, with dummy clocks and input delays as ESP-IDF pairs them at a core clock of 160 MHz. */
export function settingIn(window: SampleWindow): DelaySetting {
  const middle = window.first + (window.length >> 1);
  for (let dummy = 0; dummy <= 4; dummy++) {
    for (const name of Object.keys(SCALES.octal[160].delays)) {
      const [mode, num] = name.split(',').map(Number);
      if (stepOf({ mode, num, dummy }, 160) === middle) return { mode, num, dummy };
    }
  }
  throw new RangeError(`no delay setting samples at step ${middle}`);
}

/** What is read at a wrong moment: half of the bits are those of the byte before. */
export function garble(bytes: Uint8Array): void {
  for (let at = bytes.length - 1; at > 0; at--) bytes[at] = (bytes[at] & 0xf0) | (bytes[at - 1] & 0x0f);
  if (bytes.length > 0) bytes[0] ^= 0x0f;
}
