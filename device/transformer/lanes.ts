/**
 * Several positions in one pass over the weights, for models whose weights stream from PSRAM or flash: a tile of a matrix is brought
 * into the cache (tiles.ts), and is there for all of them. A lane is what one position keeps meanwhile (lane.ts); its
 * numbers are those of a pass of its own, operation by operation.
 */
import {
  biases, classifierFormat, cores, dim, downFormat, drafts, gateUpFormat, gates, hasLayerEmbeddings, layers, model, outFormat, qkvFormat, rotary, vocabulary, window, zeros,
} from "../contract/config";
import * as at from "../contract/fixed";
import { firstRow, gateRows, hiddenHalf, qkvRows, rowsOf } from "../contract/fixed";
import { multiplyDim, multiplyHidden, rowBytes } from "../contract/formats";
import { pad16 } from "../contract/sizes";
import { barrier } from "../barrier";
import { remindScreen } from "../screen";
import { attendFor, attendInWindow, takePosition } from "./attend";
import { quantizeBounded } from "./bounded";
import { activateRows, embedInto, embedLayerInto, logitsOf, normalizeInto, quantizeHidden, takeRows } from "./fixed";
import { activationsOf, attentionOf, firstLane, headerOf, LANE_REFUSED, productsOf, rowsAt, scaleOf, streamOf, tokenOf } from "./lane";
import { projectUnitsLanes, quantizeUnitsLanes, takeUnitsLanes } from "./lane-units";
import { boundOf, formatOf, layerRecord, productShift, rowsFrom, scalesFrom, scratchOf } from "./places";
import { addBias, addPosition, addRows } from "./rows";
import { bringIn, tileOf } from "./tiles";

function embedLanes(half: i32, count: i32): void {
  for (let lane = 0; lane < count; lane++) embedInto(streamOf(lane), half, tokenOf(lane));
}

/** What is added for the tokens behind so many layers. */
function embedLayerLanes(half: i32, count: i32, behind: i32): void {
  for (let lane = 0; lane < count; lane++) embedLayerInto(streamOf(lane), half, behind, tokenOf(lane));
}

/** Learned positions from `position` on. */
function placeLanes(half: i32, position: i32, count: i32): void {
  for (let lane = 0; lane < count; lane++) addPosition(streamOf(lane), half, tokenOf(lane), position + lane);
}

function normalizeLanes(half: i32, count: i32, gain: usize, factor: f32, bound: i32): void {
  const normed = scratchOf(half) + at.NORMED();
  for (let lane = firstLane(half, count); lane < count; lane += cores) {
    store<f32>(headerOf(lane), normalizeInto(activationsOf(lane), streamOf(lane), gain, factor, bound, normed));
  }
}

function projectLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  const tile = tileOf(formatOf(record, at.QKV, qkvFormat), pad16(dim));
  for (let row = 0; row < qkvRows(); row += tile) {
    const rows = min(tile, qkvRows() - row);
    const weights = rowsFrom(record, at.QKV, formatOf(record, at.QKV, qkvFormat), pad16(dim), half * qkvRows() + row);
    bringIn(half, weights, rows * rowBytes(formatOf(record, at.QKV, qkvFormat), pad16(dim)));
    for (let lane = 0; lane < count; lane++) {
      const to = rowsAt(lane) + (<usize>(half * qkvRows() + row) << 1);
      multiplyDim(formatOf(record, at.QKV, qkvFormat), weights, activationsOf(lane), pad16(dim), to, rows, productShift(record, at.QKV));
    }
  }
}

/** Queries into the half's scratch, keys and values into the cache, unless it is a guess that the cache does not bear. */
function takeLane(half: i32, lane: i32, layer: i32, position: i32, certain: bool): void {
  const first = half * qkvRows();
  const scales = scalesFrom(layerRecord(layer), at.QKV, formatOf(layerRecord(layer), at.QKV, qkvFormat), pad16(dim), first);
  if (cores == 2 || half == 0) takePosition(scratchOf(half), position);
  const taken = takeRows(half, layer, position, rowsAt(lane) + (<usize>first << 1), scales, scaleOf(lane), !drafts || certain);
  if (drafts) store<u32>(headerOf(lane) + LANE_REFUSED + (<usize>half << 2), taken ? 0 : 1);
}

// @ts-ignore: decorator
@inline
function isRefused(lane: i32): bool {
  return (load<u32>(headerOf(lane), LANE_REFUSED) | load<u32>(headerOf(lane), LANE_REFUSED + 4)) != 0;
}

function attendLane(half: i32, lane: i32, layer: i32, position: i32): void {
  attendFor<u8>(half, layer, position, attentionOf(lane));
}

function attendLaneInWindow(half: i32, lane: i32, layer: i32, position: i32): void {
  attendInWindow(half, layer, position, attentionOf(lane));
}

function quantizeLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  for (let lane = firstLane(half, count); lane < count; lane += cores) {
    const largest = quantizeBounded(attentionOf(lane), activationsOf(lane), pad16(dim), boundOf(record, at.OUT));
    store<f32>(headerOf(lane), largest * load<f32>(record, at.OUT_FACTOR));
  }
}

function projectOutLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  const outputs = scratchOf(half) + at.OUTPUTS();
  const tile = tileOf(formatOf(record, at.OUT, outFormat), pad16(dim));
  const first = firstRow(half, dim);
  const end = first + rowsOf(half, dim);
  for (let row = first; row < first + rowsOf(0, dim); row += tile) {
    const rows = max(0, min(tile, end - row));
    const weights = rowsFrom(record, at.OUT, formatOf(record, at.OUT, outFormat), pad16(dim), row);
    bringIn(half, weights, rows * rowBytes(formatOf(record, at.OUT, outFormat), pad16(dim)));
    if (!rows) break;
    const scales = scalesFrom(record, at.OUT, formatOf(record, at.OUT, outFormat), pad16(dim), row);
    for (let lane = 0; lane < count; lane++) {
      multiplyDim(formatOf(record, at.OUT, outFormat), weights, activationsOf(lane), pad16(dim), outputs, rows, productShift(record, at.OUT));
      addRows(streamOf(lane) + (<usize>row << 2), rows, outputs, scales, scaleOf(lane));
      if (biases) addBias(layer, at.OUT_BIAS, row, rows, streamOf(lane) + (<usize>row << 2));
    }
  }
}

function gateUpLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  const tile = tileOf(formatOf(record, at.GATE_UP, gateUpFormat), pad16(dim));
  const first = half * gateRows();
  for (let row = 0; row < gateRows(); row += tile) {
    const rows = min(tile, gateRows() - row);
    const weights = rowsFrom(record, at.GATE_UP, formatOf(record, at.GATE_UP, gateUpFormat), pad16(dim), first + row);
    bringIn(half, weights, rows * rowBytes(formatOf(record, at.GATE_UP, gateUpFormat), pad16(dim)));
    for (let lane = 0; lane < count; lane++) {
      const to = rowsAt(lane) + (<usize>(first + row) << 1);
      multiplyDim(formatOf(record, at.GATE_UP, gateUpFormat), weights, activationsOf(lane), pad16(dim), to, rows, productShift(record, at.GATE_UP));
    }
  }
}

/** This half of a lane's hidden vector, which all lanes have one place for. */
function activateLane(half: i32, lane: i32, layer: i32): void {
  const record = layerRecord(layer);
  const first = half * gates * hiddenHalf();
  const factor = (biases ? <f32>1 : scaleOf(lane)) * load<f32>(record, at.GATE_FACTOR);
  const scales = scalesFrom(record, at.GATE_UP, formatOf(record, at.GATE_UP, gateUpFormat), pad16(dim), first);
  activateRows(half, layer, rowsAt(lane) + (<usize>first << 1), scales, scaleOf(lane), factor);
}

/** The whole of it as activations, by one core. */
function quantizeLane(half: i32, lane: i32, layer: i32): void {
  if (cores == 2 ? (lane & 1) != half : half != 0) return;
  const record = layerRecord(layer);
  const largest = quantizeHidden(record, activationsOf(lane));
  store<f32>(headerOf(lane), largest * ((biases ? 1 : scaleOf(lane)) * load<f32>(record, at.DOWN_FACTOR)));
}

function projectDownLanes(half: i32, count: i32, layer: i32): void {
  const record = layerRecord(layer);
  const outputs = scratchOf(half) + at.OUTPUTS();
  const tile = tileOf(formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf());
  const first = firstRow(half, dim);
  const end = first + rowsOf(half, dim);
  for (let row = first; row < first + rowsOf(0, dim); row += tile) {
    const rows = max(0, min(tile, end - row));
    const weights = rowsFrom(record, at.DOWN, formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf(), row);
    bringIn(half, weights, rows * rowBytes(formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf()));
    if (!rows) break;
    const scales = scalesFrom(record, at.DOWN, formatOf(record, at.DOWN, downFormat), 2 * hiddenHalf(), row);
    for (let lane = 0; lane < count; lane++) {
      multiplyHidden(formatOf(record, at.DOWN, downFormat), weights, activationsOf(lane), 2 * hiddenHalf(), outputs, rows, productShift(record, at.DOWN));
      addRows(streamOf(lane) + (<usize>row << 2), rows, outputs, scales, scaleOf(lane));
      if (biases) addBias(layer, at.DOWN_BIAS, row, rows, streamOf(lane) + (<usize>row << 2));
    }
  }
}

/** Products of the classifier's rows with all lanes. */
function classifyLanes(half: i32, count: i32): void {
  const tile = tileOf(classifierFormat, pad16(dim));
  const first = firstRow(half, vocabulary);
  const end = first + rowsOf(half, vocabulary);
  for (let row = first; row < first + rowsOf(0, vocabulary); row += tile) {
    const rows = max(0, min(tile, end - row));
    const weights = rowsFrom(model, at.CLASSIFIER, classifierFormat, pad16(dim), row);
    bringIn(half, weights, rows * rowBytes(classifierFormat, pad16(dim)));
    if (!rows) break;
    for (let lane = 0; lane < count; lane++) {
      const to = productsOf(lane) + (<usize>row << 1);
      multiplyDim(classifierFormat, weights, activationsOf(lane), pad16(dim), to, rows, productShift(model, at.CLASSIFIER));
    }
  }
}

/** What the gate and up rows of all lanes lead to. */
// @ts-ignore: decorator
@inline
function feedHidden(core: i32, count: i32, layer: i32): void {
  const first = cores == 2 ? core : 0;
  const last = cores == 2 ? core : 1;
  for (let lane = 0; lane < count; lane++) {
    for (let half = first; half <= last; half++) activateLane(half, lane, layer);
    barrier(core);
    quantizeLane(core, lane, layer);
    barrier(core);
  }
  for (let half = first; half <= last; half++) projectDownLanes(half, count, layer);
}

/** What the gate rows of all lanes lead to, where zeros are left out. */
// @ts-ignore: decorator
@inline
function feedUnits(core: i32, count: i32, layer: i32): void {
  const first = cores == 2 ? core : 0;
  const last = cores == 2 ? core : 1;
  for (let half = first; half <= last; half++) takeUnitsLanes(half, count, layer);
  barrier(core);
  for (let half = first; half <= last; half++) quantizeUnitsLanes(half, count, layer);
  barrier(core);
  for (let half = first; half <= last; half++) projectUnitsLanes(half, count, layer);
}

/** The share of `core` in the logits of a lane, whose pass asked for them. */
export function scoreLane(core: i32, lane: i32): void {
  logitsOf(core, productsOf(lane), scaleOf(lane));
  if (cores == 1) logitsOf(1, productsOf(lane), scaleOf(lane));
}

/**
 * The share of `core` in a pass of `count` positions from `position` on, whose tokens are set: their keys and values are in the cache
 * then, and their residual streams in the lanes, and where `scored` what `scoreLane` needs. A single core does both halves. Tokens of
 * lanes from `certain` on are guesses: they change nothing that positions before them have left, but what can be restored. The first that
 * would have to (a key that outgrows the unit) ends the pass for itself and those behind it. Returns how many went through.
 */
export function forwardLanes(core: i32, position: i32, count: i32, certain: i32, scored: bool): i32 {
  const first = cores == 2 ? core : 0;
  const last = cores == 2 ? core : 1;
  for (let half = first; half <= last; half++) embedLanes(half, count);
  if (!rotary) for (let half = first; half <= last; half++) placeLanes(half, position, count);
  barrier(core);
  for (let layer = 0; layer < layers; layer++) {
    const record = layerRecord(layer);
    const attentionGain = load<usize>(record, at.ATTENTION_GAIN);
    normalizeLanes(core, count, attentionGain, load<f32>(record, at.ATTENTION_FACTOR), boundOf(record, at.QKV));
    barrier(core);
    for (let half = first; half <= last; half++) projectLanes(half, count, layer);
    // One position after the other: what a later one does to the unit of the keys, an earlier one must not see.
    for (let lane = 0; lane < count; lane++) {
      for (let half = first; half <= last; half++) takeLane(half, lane, layer, position + lane, lane < certain);
      barrier(core);
      if (drafts && lane >= certain && isRefused(lane)) {
        count = lane;
        break;
      }
      for (let half = first; half <= last; half++) {
        if (window) attendLaneInWindow(half, lane, layer, position + lane);
        else attendLane(half, lane, layer, position + lane);
      }
      barrier(core);
    }
    quantizeLanes(core, count, layer);
    barrier(core);
    for (let half = first; half <= last; half++) projectOutLanes(half, count, layer);
    barrier(core);
    const feedForwardGain = load<usize>(record, at.FEED_FORWARD_GAIN);
    normalizeLanes(core, count, feedForwardGain, load<f32>(record, at.FEED_FORWARD_FACTOR), boundOf(record, at.GATE_UP));
    barrier(core);
    for (let half = first; half <= last; half++) gateUpLanes(half, count, layer);
    if (zeros) feedUnits(core, count, layer);
    else feedHidden(core, count, layer);
    if (hasLayerEmbeddings) for (let half = first; half <= last; half++) embedLayerLanes(half, count, layer + 1);
    barrier(core);
    if (SCREEN && cores == 1) remindScreen();
  }
  if (!drafts || !scored) return count;
  normalizeLanes(core, count, load<usize>(model, at.FINAL_GAIN), load<f32>(model, at.FINAL_FACTOR), boundOf(model, at.CLASSIFIER));
  barrier(core);
  for (let half = first; half <= last; half++) classifyLanes(half, count);
  return count;
}
