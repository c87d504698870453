/**
 * The sampler in integers. Logits are s32; a token is a candidate if its weight, 2^15 at the largest logit, rounds to 1 or more
 * (no further than 11.09 temperatures below); weights have 15 bits. Top-k and top-p (nucleus, Holtzman et al. 2019) and min-p (Nguyen et
 * al. 2024) are thresholds of the weights: nothing is sorted, equal weights stay or go together. The draw goes through the
 * candidates in the order of their ids. Kernels and twins give the same bits, so host, chip and board draw the same token.
 */
import { candidates, cores, knownWords, logits, vocabulary } from "../contract/config";
import { LOWEST } from "../contract/constants";
import * as at from "../contract/fixed";
import { firstRow, rowsOf } from "../contract/fixed";
import { exponentials, find_s32, gather_above, largest_s32, mass_from, pick, top_count, top_mass } from "../contract/kernels";
import { scratchOf } from "../transformer/places";
import { favour, favoured, firstEntry, lastEntry, reachesEnd } from "../grammar";
import { random } from "./random";
import { drop, endRecent, firstRecent, isPast, recentToken, updateRecent } from "./repetition";

/** Units of the exponential's argument in a nat. */
const UNITS_PER_NAT: f32 = 2048;
/** More units than that for one of a logit would not fit `exponentials`: temperatures below 1e-4 or so are all alike. */
const MOST_UNITS: f32 = 1.5;
/** Of a logit whose distance to the largest is none. */
const LARGEST_WEIGHT: i32 = 32752;
/** A single that a word holds. */
const MOST_RAISED: f32 = 2147483520;
/** Fraction bits of the penalty's factors, and of what follows from top-p and min-p. */
const FACTOR_BITS: i32 = 14;
const SHARE_BITS: i32 = 16;

// @ts-ignore: decorator
@inline
function firstLogit(half: i32): usize {
  return logits + (<usize>firstRow(half, vocabulary) << 2);
}

// @ts-ignore: decorator
@inline
function largestOf(half: i32): i32 {
  return load<i32>(scratchOf(half) + at.LARGEST_LOGIT + (<usize>half << 2));
}

// @ts-ignore: decorator
@inline
function countOf(half: i32): i32 {
  return load<i32>(scratchOf(half) + at.CANDIDATE_COUNT + (<usize>half << 2));
}

/** Lowers the logits of a half's recent tokens. */
export function penalize(half: i32, position: i32, penalty: f32): void {
  let end = updateRecent(half, position, firstRow(half, vocabulary), rowsOf(half, vocabulary));
  const up = <i32>(penalty * <f32>(1 << FACTOR_BITS) + <f32>0.5);
  const down = <i32>(<f32>(1 << FACTOR_BITS) / penalty + <f32>0.5);
  for (let entry = firstRecent(half); entry < end; ) {
    if (!isPast(entry, position)) {
      const place = logits + (<usize>recentToken(entry) << 2);
      const logit = load<i32>(place);
      const factor = logit > 0 ? down : up;
      store<i32>(place, <i32>((<i64>logit * <i64>factor) >> FACTOR_BITS));
      entry += 4;
    } else end = drop(entry, end);
  }
  endRecent(half, end);
  searchHalf(half);
}

/** Looks for the largest of a half's logits after some were changed. */
function searchHalf(half: i32): void {
  const mine = scratchOf(half) + (<usize>half << 2);
  store<i32>(mine + at.LARGEST_LOGIT, largest_s32(firstLogit(half), rowsOf(half, vocabulary)));
  store<i32>(mine + at.LARGEST_TILE, firstRow(half, vocabulary));
}

/** Adds to a token's logit, which stays within its word and above what is forbidden. */
function raise(token: i32, units: f32): void {
  const place = logits + (<usize>token << 2);
  const bounded = max<f32>(min<f32>(units, MOST_RAISED), -MOST_RAISED);
  store<i32>(place, <i32>max<i64>(min<i64>(<i64>load<i32>(place) + <i64><i32>bounded, i32.MAX_VALUE), i32.MIN_VALUE + 1));
}

/** Keeps the logits of a half's tokens that the grammar's `state` allows, and from which `left` tokens reach the end. */
export function restrict(half: i32, state: usize, left: i32): void {
  const first = firstRow(half, vocabulary);
  const rows = rowsOf(half, vocabulary);
  let place = firstLogit(half);
  for (let entry = firstEntry(state); entry < lastEntry(state); entry += 4) {
    const token = <i32>load<u16>(entry);
    if (<u32>(token - first) >= <u32>rows || !reachesEnd(entry, left)) continue;
    const kept = logits + (<usize>token << 2);
    for (; place < kept; place += 4) store<i32>(place, i32.MIN_VALUE);
    place = kept + 4;
  }
  const end = firstLogit(half) + (<usize>rows << 2);
  for (; place < end; place += 4) store<i32>(place, i32.MIN_VALUE);
  const token = favoured(state);
  if (token >= 0 && <u32>(token - first) < <u32>rows) raise(token, favour(state) / load<f32>(scratchOf(half) + at.LOGIT_UNIT));
  searchHalf(half);
}

/** Units of the exponential's argument in a unit of the logits. */
// @ts-ignore: decorator
@inline
function unitsOf(half: i32, temperature: f32): f32 {
  return min((load<f32>(scratchOf(half) + at.LOGIT_UNIT) * UNITS_PER_NAT) / temperature, MOST_UNITS);
}

/** How far below the largest a candidate may be. */
// @ts-ignore: decorator
@inline
function rangeOf(units: f32): i32 {
  const range = <f32>-LOWEST / units;
  return range < <f32>2147483520 ? <i32>range : i32.MAX_VALUE;
}

/** Gathers a half's candidates at the front of its logits, and their ids. */
export function gather(half: i32, temperature: f32): void {
  const largest = max(largestOf(0), largestOf(1));
  const range = rangeOf(unitsOf(half, temperature));
  const reachesAll = range == i32.MAX_VALUE || largest < i32.MIN_VALUE + range;
  const cut = reachesAll ? i32.MIN_VALUE : largest - range;
  const first = firstRow(half, vocabulary);
  const count = gather_above(firstLogit(half), rowsOf(half, vocabulary), cut, candidates + (<usize>first << 1), first);
  store<i32>(scratchOf(half) + at.CANDIDATE_COUNT + (<usize>half << 2), count);
}

/** The first of the largest. */
export function likeliest(): i32 {
  const half = largestOf(0) >= largestOf(1) ? 0 : 1;
  const tile = load<i32>(scratchOf(half) + at.LARGEST_TILE + (<usize>half << 2));
  const rows = firstRow(half, vocabulary) + rowsOf(half, vocabulary) - tile;
  return tile + find_s32(logits + (<usize>tile << 2), rows, largestOf(half));
}

/** Weights of a half's candidates, zeros to the end of a group of 16. */
// @ts-ignore: decorator
@inline
function weighHalf(half: i32, weights: usize, groups: i32, largest: i32, shift: i32, mantissa: i32): void {
  exponentials(firstLogit(half), weights, groups, largest, shift, mantissa);
  for (let i = countOf(half); i < groups << 4; i++) store<i16>(weights + (<usize>i << 1), 0);
}

/** Groups of 16 that a half's candidates fill. */
// @ts-ignore: decorator
@inline
function groupsOf(half: i32): i32 {
  return (countOf(half) + 15) >> 4;
}

/**
 * The candidates' weights where the logits were, those of the second half behind the first's: never further than what is still to be
 * read. Returns how many groups of 16 there are.
 */
export function weigh(temperature: f32): i32 {
  const units = unitsOf(0, temperature);
  const shift = max(17 - <i32>clz<u32>(rangeOf(units)), 0); // to 15 bits
  const mantissa = <i32>(units * reinterpret<f32>((127 + FACTOR_BITS + shift) << 23));
  const largest = max(largestOf(0), largestOf(1));
  const groups = groupsOf(0);
  const more = groupsOf(1);
  weighHalf(0, logits, groups, largest, shift, mantissa);
  weighHalf(1, logits + (<usize>groups << 5), more, largest, shift, mantissa);
  return groups + more;
}

/** The weight from which on a token is kept. Shares are 0 to 1, a top-p of 0 or 1 and a top-k of 0 keep all. */
export function threshold(groups: i32, topp: f32, topk: i32, minp: f32): i32 {
  let least = 1;
  if (topk) least = max(least, top_count(logits, groups, topk));
  if (topp > 0 && topp < 1) {
    const share = <u64>(<u32>(topp * <f32>(1 << SHARE_BITS)));
    const target = <i32>((<u64>mass_from(logits, groups, least) * share) >> SHARE_BITS) + 1;
    least = max(least, top_mass(logits, groups, target));
  }
  if (minp > 0) least = max(least, (<i32>(minp * <f32>(1 << SHARE_BITS)) * (LARGEST_WEIGHT >> 1)) >> (SHARE_BITS - 1));
  return least;
}

/** The token of a candidate, by its place among the weights. */
// @ts-ignore: decorator
@inline
function candidateAt(place: i32): i32 {
  const ofSecond = place - (groupsOf(0) << 4);
  return <i32>load<u16>(candidates + (<usize>(ofSecond < 0 ? place : firstRow(1, vocabulary) + ofSecond) << 1));
}

// @ts-ignore: decorator
@inline
function shareOf(mass: i32, chance: u32): i32 {
  return <i32>((<u64>chance * <u64>mass) >> 32);
}

/** Draws a token from the candidates of both halves; spoils the logits. */
export function draw(temperature: f32, topp: f32, topk: i32, minp: f32): i32 {
  const groups = weigh(temperature);
  const least = threshold(groups, topp, topk, minp);
  const mass = mass_from(logits, groups, least);
  const chance = random();
  const place = pick(logits, least, shareOf(mass, chance));
  if (knownWords) noteDraw(groups, least, chance, place);
  return candidateAt(place);
}

/** Of the last draw. */
let drawnFrom: i32 = 0;
let drawnLeast: i32 = 0;
let drawnBy: u32 = 0;
let drawn: i32 = 0;

function noteDraw(groups: i32, least: i32, chance: u32, place: i32): void {
  drawnFrom = groups;
  drawnLeast = least;
  drawnBy = chance;
  drawn = place;
}

/** Draws another token, as if what was drawn last had no weight; where nothing else is likely enough, from all candidates. -1: none is left. */
export function drawAgain(): i32 {
  store<i16>(logits + (<usize>drawn << 1), 0);
  let mass = mass_from(logits, drawnFrom, drawnLeast);
  if (!mass) mass = mass_from(logits, drawnFrom, (drawnLeast = 1));
  if (!mass) return -1;
  // Random numbers of draws to come stay theirs: Numerical Recipes' generator makes one out of this draw's.
  drawnBy = drawnBy * 1664525 + 1013904223;
  drawn = pick(logits, drawnLeast, shareOf(mass, drawnBy));
  return candidateAt(drawn);
}

/** The likeliest token but those that were found so before, `token` the last of them. -1: none is left. */
export function likeliestAgain(token: i32): i32 {
  store<i32>(logits + (<usize>token << 2), i32.MIN_VALUE);
  searchHalf(token < firstRow(1, vocabulary) ? 0 : 1);
  return max(largestOf(0), largestOf(1)) == i32.MIN_VALUE ? -1 : likeliest();
}

/** Reach to either side of what is drawn, as a share of the mass: 1 / 5 did best of 1 / 20 to 2 / 5 on stories. */
const REACH: i32 = 5;

/**
 * What another model will most likely draw with the random number `chance`: its weights are nearly these, and so are the places
 * where one token's end and the next one's begin. So it is the token that has most of what lies around the place that `chance` means here.
 */
export function foresee(temperature: f32, topp: f32, topk: i32, minp: f32, chance: u32): i32 {
  const groups = weigh(temperature);
  const least = threshold(groups, topp, topk, minp);
  const mass = mass_from(logits, groups, least);
  const drawn = shareOf(mass, chance);
  const low = drawn - mass / REACH;
  const high = drawn + mass / REACH;
  let end = 0;
  let most = i32.MIN_VALUE;
  let likeliest = 0;
  for (let place = 0; place < groups << 4 && end < high; place++) {
    const weight = <i32>load<i16>(logits + (<usize>place << 1));
    if (weight < least) continue;
    const within = min(end + weight, high) - max(end, low);
    end += weight;
    if (within <= most) continue;
    most = within;
    likeliest = place;
  }
  return candidateAt(likeliest);
}
