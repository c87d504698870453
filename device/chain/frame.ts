/** Frames between boards (docs/contract.md): what is sent, and what comes whole. The CRC is reckoned while bytes pass, which takes longer. */
import { linkFrame, residual, streamWords } from "../contract/config";
import { FRAME_BYTES, FRAME_MARK } from "../contract/constants";
import { FRAME_HEAD, FRAME_ORDER, FrameKind } from "../contract/status";
import { CRC_RESIDUE, CRC_START, crcWith } from "../crc";
import { awaitByte, awaitSilence, nextByte, sendByte } from "./link";

const HEADER: u32 = 8;
const WORD: u32 = 4;
/** Bytes of a component of the residual stream where its upper byte is the sign's. */
const NARROW: u32 = 3;

/** Instead of a kind: nothing came, or no whole frame. */
export const SILENCE: i32 = -1;
export const DAMAGE: i32 = -2;

let sum: u32 = 0;

function send(byte: u32): void {
  sendByte(byte);
  sum = crcWith(sum, byte);
}

function sendLow(value: u32, bytes: u32): void {
  for (; bytes; bytes--) {
    send(value & 0xff);
    value >>= 8;
  }
}

function begin(kind: FrameKind, order: u32, bytes: u32): void {
  sum = CRC_START;
  sendLow(<u32>FRAME_MARK | (<u32>kind << 8) | (bytes << 16), WORD);
  sendLow(order, WORD);
}

// @ts-ignore: decorator
@inline
function end(): void {
  sendLow(~sum, WORD);
}

/** A frame of one word. */
export function sendWord(kind: FrameKind, order: u32, word: u32): void {
  begin(kind, order, WORD);
  sendLow(word, WORD);
  end();
}

/** The residual stream. */
export function sendVector(order: u32): void {
  const bytes = ARITHMETIC == 0 && isNarrow() ? NARROW : WORD;
  begin(FrameKind.Vector, order, bytes * <u32>streamWords);
  for (let i = 0; i < streamWords; i++) sendLow(load<u32>(residual + (<usize>i << 2)), bytes);
  end();
}

/** Whether 24 bits say all of every component: below 32, which the residual streams of trained models mostly are. */
function isNarrow(): bool {
  for (let i = 0; i < streamWords; i++) {
    const x = load<i32>(residual + (<usize>i << 2));
    if (x != (x << 8) >> 8) return false;
  }
  return true;
}

/** Waits for a frame, so many cycles (0: any number); returns its kind, SILENCE or DAMAGE. */
export function receive(patience: u32): i32 {
  const first = awaitByte(patience);
  if (first < 0) return SILENCE;
  if (takeFrame(first)) return <i32>load<u8>(linkFrame, FRAME_HEAD + 1);
  awaitSilence();
  return DAMAGE;
}

/** Bytes of the payload of the last frame. */
function payloadBytes(): u32 {
  return load<u16>(linkFrame, FRAME_HEAD + 2);
}

/** Which request the last frame belongs to. */
export function orderOf(): u32 {
  return load<u32>(linkFrame, FRAME_ORDER);
}

/** Its payload, where that is a word. */
export function wordOf(): u32 {
  return load<u32>(linkFrame, HEADER);
}

/** False where the bytes that begin with `byte` are no frame. */
function takeFrame(byte: i32): bool {
  let check = CRC_START;
  let bytes: u32 = HEADER;
  let place: u32 = 0;
  while (byte >= 0) {
    store<u8>(linkFrame + place, <u8>byte);
    check = crcWith(check, <u32>byte);
    place++;
    if (place == HEADER) {
      if (load<u8>(linkFrame) != <u8>FRAME_MARK || payloadBytes() > WORD * <u32>streamWords) return false;
      bytes = payloadBytes() + <u32>FRAME_BYTES;
    }
    if (place == bytes) return check == CRC_RESIDUE;
    byte = nextByte();
  }
  return false;
}

/** The residual stream as the last frame has it. */
export function takeVector(): void {
  const from = linkFrame + HEADER;
  if (payloadBytes() == WORD * <u32>streamWords) {
    memory.copy(residual, from, <usize>streamWords << 2);
    return;
  }
  for (let i = 0; i < streamWords; i++) {
    const at = from + <usize>(i * NARROW);
    const low = <u32>load<u8>(at) | (<u32>load<u8>(at, 1) << 8);
    store<i32>(residual + (<usize>i << 2), <i32>(low | (<u32>load<u8>(at, 2) << 16)) << 8 >> 8);
  }
}
