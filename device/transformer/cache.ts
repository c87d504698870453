/** The cache of keys and values: int8, a half's keys of a layer in one unit that grows. */
import { keys, kvHeads, rawKeys, values as cachedValues, window } from "../contract/config";
import { pairsOf } from "../contract/fixed";
import { rescale_keys } from "../contract/kernels";
import { countOf, firstOf, headSize } from "../contract/sizes";
import { beginLog, noteGrowth } from "./history";
import { headCache, keyUnit, windowedCache, windowedStride } from "./places";
import { held, slot } from "./window";

/**
 * All keys of a half of a layer's heads have one unit, which grows with the largest of them; those that are there are then rescaled.
 * Returns 2^8 / unit.
 */
// @ts-ignore: decorator
@inline
export function unitFor(half: i32, layer: i32, position: i32, largest: f32): f32 {
  const unit = keyUnit(layer, half);
  if (position == 0) {
    store<f32>(unit, largest * (<f32>1 / 127));
    store<f32>(unit, <f32>127 / largest, 4);
    if (rawKeys) beginLog(half, layer);
  } else if (largest * load<f32>(unit, 4) > 127) growUnit(half, layer, position, largest);
  return load<f32>(unit, 4) * 256;
}

/** Whether a key is too large for the unit that there is. */
// @ts-ignore: decorator
@inline
export function outgrows(half: i32, layer: i32, largest: f32): bool {
  return largest * load<f32>(keyUnit(layer, half), 4) > 127;
}

function growUnit(half: i32, layer: i32, position: i32, largest: f32): void {
  const unit = keyUnit(layer, half);
  while (largest * load<f32>(unit, 4) > 127) {
    const factor = max(<i32>((<f32>128 * 127) / (largest * load<f32>(unit, 4))), 1);
    if (window) rescaleInWindow(half, layer, held(layer, position), factor);
    else rescale(half, layer, position, factor);
    if (rawKeys) noteGrowth(half, layer, position, factor);
  }
}

/** Makes a unit 128 / factor times as large, and the keys before a position factor / 128 times. */
export function rescale(half: i32, layer: i32, position: i32, factor: i32): void {
  rescaleAs<u8>(half, layer, position, factor);
}

function rescaleInWindow(half: i32, layer: i32, position: i32, factor: i32): void {
  rescaleAs<u16>(half, layer, position, factor);
}

/** T as in attend.ts: u16 where local layers' caches hold their window. */
// @ts-ignore: decorator
@inline
function rescaleAs<T>(half: i32, layer: i32, position: i32, factor: i32): void {
  const unit = keyUnit(layer, half);
  const bytes = ((position + 15) & ~15) * headSize();
  let place = keys + (sizeof<T>() > 1 ? windowedCache(layer, firstOf(half, kvHeads)) : headCache(layer, firstOf(half, kvHeads)));
  for (let count = countOf(half, kvHeads); count > 0; count--) {
    rescale_keys(place, bytes, factor);
    place += sizeof<T>() > 1 ? windowedStride(layer) : headCache(0, 1);
  }
  store<f32>(unit, load<f32>(unit) * (<f32>128 / <f32>factor));
  store<f32>(unit, load<f32>(unit, 4) * (<f32>factor / 128), 4);
}

/** Spreads a half's keys alone. */
export function cacheKeys(half: i32, layer: i32, position: i32, quantized: usize): void {
  const size = headSize();
  const pairs = size >> 1;
  const first = firstOf(half, kvHeads);
  let place = keys + headCache(layer, first) + <usize>((position >> 4) * (size << 4) + (position & 15));
  for (let count = countOf(half, kvHeads); count > 0; count--) {
    spread(place, quantized, pairs);
    spread(place + <usize>(pairs << 4), quantized + pairsOf(kvHeads), pairs);
    quantized += pairs;
    place += headCache(0, 1);
  }
}

/** Spreads a half's keys and values over the cache, whose registers hold one component of 16 positions. */
// @ts-ignore: decorator
@inline
export function cache(half: i32, layer: i32, position: i32, quantized: usize): void {
  if (window) cacheInWindow(half, layer, position, quantized);
  else spreadAll(half, layer, position, quantized);
}

/** The same where layers' caches differ in length, and local ones' places are used again. */
function cacheInWindow(half: i32, layer: i32, position: i32, quantized: usize): void {
  spreadHeads(half, slot(layer, position), quantized, windowedCache(layer, firstOf(half, kvHeads)), windowedStride(layer));
}

// @ts-ignore: decorator
@inline
function spreadAll(half: i32, layer: i32, position: i32, quantized: usize): void {
  spreadHeads(half, position, quantized, headCache(layer, firstOf(half, kvHeads)), headCache(0, 1));
}

// @ts-ignore: decorator
@inline
function spreadHeads(half: i32, position: i32, quantized: usize, place: usize, stride: usize): void {
  const size = headSize();
  const pairs = size >> 1;
  let even = quantized;
  let odd = quantized + pairsOf(kvHeads);
  let value = quantized + 2 * pairsOf(kvHeads);
  place += <usize>((position >> 4) * (size << 4) + (position & 15));
  for (let count = countOf(half, kvHeads); count > 0; count--) {
    spread(keys + place, even, pairs);
    spread(keys + place + <usize>(pairs << 4), odd, pairs);
    spread(cachedValues + place, value, size);
    even += pairs;
    odd += pairs;
    value += size;
    place += stride;
  }
}

/** Copies bytes to every sixteenth place. */
// @ts-ignore: decorator
@inline
function spread(to: usize, from: usize, bytes: i32): void {
  if (bytes & 3) for (let i = 0; i < bytes; i++) store<u8>(to + (<usize>i << 4), load<u8>(from + i));
  else {
    for (let i = 0; i < bytes; i += 4) {
      const a = load<u8>(from, 0);
      const b = load<u8>(from, 1);
      const c = load<u8>(from, 2);
      const d = load<u8>(from, 3);
      store<u8>(to, a, 0);
      store<u8>(to, b, 16);
      store<u8>(to, c, 32);
      store<u8>(to, d, 48);
      from += 4;
      to += 64;
    }
  }
}
