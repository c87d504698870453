/**
 * Translations as bytes, to be kept between runs: which code each was made from, and the WebAssembly that it became. They hold wherever the
 * same bytes lie at the same addresses; whoever takes one looks.
 */
import { latin1, latin1Bytes } from '../../bytes.ts';

/** Bytes of code that a translation rests on: its own, and those of its neighbours that it looked at. */
export interface CodeRun {
  readonly address: number;
  /** Latin-1; empty where there is nothing to be fetched. */
  readonly bytes: string;
}

/** What a translation needs beside its function. */
export interface KeptFacts {
  readonly pc: number;
  readonly variant: number;
  /** LBEG and LEND of the loop that was on. */
  readonly loop: readonly [begin: number, end: number] | undefined;
  readonly runs: readonly CodeRun[];
  /** Constant addresses that the code reads, and where they lie in the memory; -1 where not in plain memory. */
  readonly constants: readonly (readonly [address: number, offset: number])[];
  /** Addresses of the first byte and behind the last, over all its instructions. */
  readonly low: number;
  readonly high: number;
  readonly loopEnds: readonly number[];
}

export interface Kept extends KeptFacts {
  /** Of the WebAssembly function. */
  readonly body: readonly number[] | Uint8Array;
}

const HEAD_BYTES = 4;

/** @param surroundings what else the functions rest on: they are for no others */
export function encodeKept(kept: readonly Kept[], surroundings: string): Uint8Array {
  const facts = kept.map(({ body, ...rest }) => ({ ...rest, bytes: body.length }));
  const head = latin1Bytes(JSON.stringify({ surroundings, facts }));
  const total = kept.reduce((sum, { body }) => sum + body.length, HEAD_BYTES + head.length);
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, HEAD_BYTES);
  let at = HEAD_BYTES + head.length;
  for (const { body } of kept) {
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

/** What {@link encodeKept} wrote, if it was in the same surroundings. */
export function decodeKept(bytes: Uint8Array, surroundings: string): Kept[] {
  const end = HEAD_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(latin1(bytes.subarray(HEAD_BYTES, end))) as {
    surroundings: string;
    facts: (KeptFacts & { bytes: number })[];
  };
  if (head.surroundings !== surroundings) return [];
  let at = end;
  return head.facts.map(({ bytes: length, ...facts }) => {
    const body = bytes.subarray(at, at + length);
    at += length;
    return { ...facts, body };
  });
}
