/**
 * The program of the ESP-IDF component (src/idf): the same transformer, tokenizer and sampler, without boot and console.
 * A story is made token by token at the call of the component's C code: `begin`, then per token `pass` on every core and
 * `next` on core 0. Where there are lanes, the pass of a prompt's token reads those that follow as well, and theirs have nothing to do.
 */
import { context, knownWords, lanes, line, promptMerges, startToken, storyTokens } from "./contract/config";
import { digest, digestToken, resetDigest } from "./digest";
import { barrier } from "./barrier";
import { setMinp, setPenalty, setTemperature, setTopk, setTopp, penalty, temperature } from "./contract/settings";
import { beginGrammar, follow, isComplete, isForRequests, isTooLongFor, onlyToken, printedBytes, printedText, setSent, state } from "./grammar";
import { noteToken, prepare, seedRandom } from "./sampler";
import { foldRequest } from "./request";
import { decode, decodedBytes, encode, isEnd, promptToken } from "./tokenizer";
import { forwardCore } from "./transformer";
import { setToken } from "./transformer/lane";
import { forwardLanes } from "./transformer/lanes";
import { chooseNext } from "./words";

let token: i32 = 0;
let position: i32 = 0;
let promptCount: i32 = 0;
let piece: usize = 0;
let bytesOfPiece: i32 = 0;
/** Of the prompt, positions that are read, and those that the next pass reads. */
let readTo: i32 = 0;
let reading: i32 = 1;
/** Positions that the story may have. */
let limit: i32 = context;

/** What the next story may say, as a packed grammar (0: anything), and how many positions it may have. */
export function bind(packed: usize, positions: i32): void {
  setSent(packed);
  limit = positions;
}

/** How tokens are chosen from now on; ranges as in src/contract/settings.ts. */
export function sampling(askedTemperature: f32, askedTopp: f32, askedTopk: i32, askedMinp: f32, askedPenalty: f32): void {
  setTemperature(askedTemperature);
  setTopp(askedTopp);
  setTopk(<f32>askedTopk);
  setMinp(askedMinp);
  setPenalty(askedPenalty);
}

/**
 * Encodes the prompt; returns its number of tokens, or 0 if the context does not hold them, or -1 if what is left of the positions is too
 * short for the grammar. `seed` above 0.
 */
export function begin(text: usize, bytes: i32, seed: u64): i32 {
  beginGrammar();
  if (isForRequests()) {
    // The caller's text stays as it is; the answer is never drawn.
    memory.copy(line, text, bytes);
    text = line;
    bytes = foldRequest(text, bytes);
    setTemperature(0);
    setPenalty(1);
  }
  promptCount = encode(text, bytes);
  if (promptCount > context) return 0;
  if (isTooLongFor(limit - promptCount + 1)) return -1;
  seedRandom(seed);
  resetDigest();
  token = startToken;
  position = 0;
  readTo = 0;
  planPass();
  return promptCount;
}

/** What the next pass reads: of the prompt as many tokens as have a lane, its last apart. */
function planPass(): void {
  if (!lanes) return;
  reading = 1;
  if (isSampled()) return;
  reading = position < readTo ? 0 : min(lanes, promptCount - 1 - position);
  readTo = max(readTo, position + reading);
  if (reading < 2) return;
  setToken(0, token);
  for (let lane = 1; lane < reading; lane++) setToken(lane, promptToken(position + lane));
}

/** The share of `core` in the pass for the present token; returns once all cores are through. */
export function pass(core: i32): void {
  if (lanes && reading != 1) {
    if (reading) forwardLanes(core, position, reading, reading, false);
    barrier(core);
    return;
  }
  const isAsked = isSampled() && onlyToken() < 0;
  forwardCore(core, token, position, isAsked);
  if (isAsked) prepare(core, position, temperature, penalty, state, limit - position);
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
  const found = isSampled() ? said() : promptToken(position + 1);
  if (isEnd(found)) return -1;
  digestToken(found);
  piece = decode(token, found, promptMerges); // the merges are done with: a byte to use
  bytesOfPiece = decodedBytes;
  if (isSampled() && printedBytes() >= 0) {
    piece = printedText();
    bytesOfPiece = printedBytes();
  }
  if (ARITHMETIC == 0 && knownWords) store<i32>(storyTokens + (<usize>position << 2), found);
  token = found;
  position++;
  noteToken(position, token);
  planPass();
  return found;
}

/** What the model says, or the only thing that the grammar leaves to say. */
function said(): i32 {
  const only = onlyToken();
  return follow(only < 0 ? chooseNext(position, promptCount) : only, limit - position);
}

/** 1 where the grammar allows nothing more. */
export function isOver(): i32 {
  return <i32>isComplete();
}

/** Where the text of the present token lies, and how many bytes it has. */
export function pieceAddress(): usize {
  return piece;
}

export function pieceBytes(): i32 {
  return bytesOfPiece;
}

/** 64-bit FNV-1a over the tokens so far (device/digest.ts). */
export function storyDigest(): u64 {
  return digest;
}
