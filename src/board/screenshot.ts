/** The simulated screen as a PNG: blue-white light behind dark glass. */
import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { SCREEN_HEIGHT, SCREEN_WIDTH } from '../chip/soc/index.ts';
import { FailureError } from '../errors.ts';

/** Pixels of the picture for one of the screen. */
const SCALE = 4;
/** Dark glass around the picture, in pixels of the screen. */
const MARGIN = 5;
const GLASS = [5, 7, 12] as const;
const LIGHT = [214, 236, 255] as const;
/** How far a lit pixel shines into its neighbourhood, in pixels of the picture, and how much at most. */
const GLOW_RADIUS = 5;
const GLOW = 0.22;
/** Shades of the picture: few enough that the file is small, and no step shows. */
const SHADES = 48;
/** Share of a pixel's light in the gap between it and the next. */
const GAP = 0.62;

/** `pixels`: 64 rows of 128 bytes, 1 = lit. `contrast`: 0 to 255, as the controller was told. */
export function encodeScreenshot(pixels: Uint8Array, contrast = 0xcf): Buffer {
  const width = (SCREEN_WIDTH + 2 * MARGIN) * SCALE;
  const height = (SCREEN_HEIGHT + 2 * MARGIN) * SCALE;
  const light = emitted(pixels, width, height);
  const glow = blurred(light, width, height);
  const brightness = 0.55 + (0.45 * contrast) / 255;
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    const exact = Math.min(1, light[i] + GLOW * glow[i]) * brightness;
    const share = Math.round(exact * SHADES) / SHADES;
    GLASS.forEach((dark, channel) => {
      png.data[4 * i + channel] = Math.round(dark + (LIGHT[channel] - dark) * share);
    });
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png);
}

/** Writes {@link encodeScreenshot} to a file; a FailureError if that cannot be. */
export function writeScreenshot(path: string, pixels: Uint8Array, contrast?: number): void {
  try {
    writeFileSync(path, encodeScreenshot(pixels, contrast));
  } catch (error) {
    throw new FailureError(`cannot write the screenshot ${path}: ${(error as Error).message}`);
  }
}

/** Light of the pixels themselves, 0 to 1: squares of SCALE with a fainter last row and column. */
function emitted(pixels: Uint8Array, width: number, height: number): Float32Array {
  const light = new Float32Array(width * height);
  pixels.forEach((lit, index) => {
    if (!lit) return;
    const left = ((index % SCREEN_WIDTH) + MARGIN) * SCALE;
    const top = (Math.floor(index / SCREEN_WIDTH) + MARGIN) * SCALE;
    for (let y = 0; y < SCALE; y++) {
      for (let x = 0; x < SCALE; x++) {
        const inGap = x === SCALE - 1 || y === SCALE - 1;
        light[(top + y) * width + left + x] = inGap ? GAP : 1;
      }
    }
  });
  return light;
}

/** Three box filters each way: near enough to a Gaussian. */
function blurred(light: Float32Array, width: number, height: number): Float32Array {
  let from = light;
  for (let pass = 0; pass < 3; pass++) {
    from = boxed(from, width, height, 1, width);
    from = boxed(from, height, width, width, 1);
  }
  return from;
}

/** Mean over 2 * GLOW_RADIUS + 1 values along lines of `length` values, `step` apart; lines are `stride` apart. */
function boxed(from: Float32Array, length: number, lines: number, step: number, stride: number) {
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++) {
    const at = (i: number) => (i < 0 || i >= length ? 0 : from[line * stride + i * step]);
    let sum = 0;
    for (let i = -GLOW_RADIUS; i < GLOW_RADIUS; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      sum += at(i + GLOW_RADIUS);
      to[line * stride + i * step] = sum / (2 * GLOW_RADIUS + 1);
      sum -= at(i - GLOW_RADIUS);
    }
  }
  return to;
}
