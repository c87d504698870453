/**
 * The program of the ESP-IDF component (src/idf): the same transformer, tokenizer and sampler, without boot and console.
 * A story is made token by token at the call of the component's C code: `begin`, then per token `pass` on every core and
 * `next` on core 0.
 */
import { context, promptMerges, startToken } from "./contract/config";
import { digest, digestToken, resetDigest } from "./digest";
import { barrier } from "./barrier";
import { setMinp, setPenalty, setTemperature, setTopk, setTopp, penalty, temperature } from "./contract/settings";
import { choose, noteToken, prepare, seedRandom } from "./sampler";
import { decode, decodedBytes, encode, isEnd, promptToken } from "./tokenizer";
import { forwardCore } from "./transformer";

let token: i32 = 0;
let position: i32 = 0;
let promptCount: i32 = 0;
let piece: usize = 0;

/** How tokens are chosen from now on; ranges as in src/contract/settings.ts. */
export function sampling(askedTemperature: f32, askedTopp: f32, askedTopk: i32, askedMinp: f32, askedPenalty: f32): void {
  setTemperature(askedTemperature);
  setTopp(askedTopp);
  setTopk(<f32>askedTopk);
  setMinp(askedMinp);
  setPenalty(askedPenalty);
}

/** Encodes the prompt; returns its number of tokens, or 0 if the context does not hold them. `seed` above 0. */
export function begin(text: usize, bytes: i32, seed: u64): i32 {
  promptCount = encode(text, bytes);
  if (promptCount > context) return 0;
  seedRandom(seed);
  resetDigest();
  token = startToken;
  position = 0;
  return promptCount;
}

/** The share of `core` in the pass for the present token; returns once all cores are through. */
export function pass(core: i32): void {
  forwardCore(core, token, position, isSampled());
  if (isSampled()) prepare(core, position, temperature, penalty, 0, 0);
  barrier(core);
}

/** True where the model says how the story goes on, not the prompt. */
// @ts-ignore: decorator
@inline
function isSampled(): bool {
  return position + 1 >= promptCount;
}

/** The token that follows, which becomes the present one; negative at the end of the story. */
export function next(): i32 {
  const found = isSampled() ? choose() : promptToken(position + 1);
  if (isEnd(found)) return -1;
  digestToken(found);
  piece = decode(token, found, promptMerges); // the merges are done with: a byte to use
  token = found;
  position++;
  noteToken(position, token);
  return found;
}

/** Where the text of the present token lies, and how many bytes it has. */
export function pieceAddress(): usize {
  return piece;
}

export function pieceBytes(): i32 {
  return decodedBytes;
}

/** 64-bit FNV-1a over the tokens so far (device/digest.ts). */
export function storyDigest(): u64 {
  return digest;
}
