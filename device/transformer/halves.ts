/**
 * The stages of fixed.ts, compiled once for each half: in a core's own code its half is a number, and so are most addresses. That
 * takes 2 KB more of SRAM0, where there is room, and 10 % less time beside the kernels.
 */
import * as fixed from "./fixed";

function embedFirst(token: i32, position: i32): void {
  fixed.embed(0, token, position);
}

function embedSecond(token: i32, position: i32): void {
  fixed.embed(1, token, position);
}

// @ts-ignore: decorator
@inline
export function embed(half: i32, token: i32, position: i32): void {
  if (half) embedSecond(token, position);
  else embedFirst(token, position);
}

function embedLayerFirst(behind: i32, token: i32): void {
  fixed.embedLayer(0, behind, token);
}

function embedLayerSecond(behind: i32, token: i32): void {
  fixed.embedLayer(1, behind, token);
}

// @ts-ignore: decorator
@inline
export function embedLayer(half: i32, behind: i32, token: i32): void {
  if (half) embedLayerSecond(behind, token);
  else embedLayerFirst(behind, token);
}

function projectFirst(layer: i32, position: i32): void {
  fixed.project(0, layer, position);
}

function projectSecond(layer: i32, position: i32): void {
  fixed.project(1, layer, position);
}

// @ts-ignore: decorator
@inline
export function project(half: i32, layer: i32, position: i32): void {
  if (half) projectSecond(layer, position);
  else projectFirst(layer, position);
}

function attendFirst(layer: i32, position: i32): void {
  fixed.attend(0, layer, position);
}

function attendSecond(layer: i32, position: i32): void {
  fixed.attend(1, layer, position);
}

// @ts-ignore: decorator
@inline
export function attend(half: i32, layer: i32, position: i32): void {
  if (half) attendSecond(layer, position);
  else attendFirst(layer, position);
}

function projectOutFirst(layer: i32): void {
  fixed.projectOut(0, layer);
}

function projectOutSecond(layer: i32): void {
  fixed.projectOut(1, layer);
}

// @ts-ignore: decorator
@inline
export function projectOut(half: i32, layer: i32): void {
  if (half) projectOutSecond(layer);
  else projectOutFirst(layer);
}

function feedForwardFirst(layer: i32): void {
  fixed.feedForward(0, layer);
}

function feedForwardSecond(layer: i32): void {
  fixed.feedForward(1, layer);
}

// @ts-ignore: decorator
@inline
export function feedForward(half: i32, layer: i32): void {
  if (half) feedForwardSecond(layer);
  else feedForwardFirst(layer);
}

function projectDownFirst(layer: i32): void {
  fixed.projectDown(0, layer);
}

function projectDownSecond(layer: i32): void {
  fixed.projectDown(1, layer);
}

// @ts-ignore: decorator
@inline
export function projectDown(half: i32, layer: i32): void {
  if (half) projectDownSecond(layer);
  else projectDownFirst(layer);
}

function classifyFirst(): void {
  fixed.classify(0);
}

function classifySecond(): void {
  fixed.classify(1);
}

// @ts-ignore: decorator
@inline
export function classify(half: i32): void {
  if (half) classifySecond();
  else classifyFirst();
}
