/**
 * Numbers that the firmware builder hands in: sizes of the model and addresses of its memory. They are imported immutable
 * globals, which the compiler to Xtensa folds into the code, so a build for another model needs no AssemblyScript.
 */

// Shape of the model, all counts of elements.
// @ts-ignore: decorator
@external("config", "dim") export declare const dim: i32;
// @ts-ignore: decorator
@external("config", "hiddenDim") export declare const hiddenDim: i32;
// @ts-ignore: decorator
@external("config", "layers") export declare const layers: i32;
// @ts-ignore: decorator
@external("config", "heads") export declare const heads: i32;
// @ts-ignore: decorator
@external("config", "kvHeads") export declare const kvHeads: i32;
// @ts-ignore: decorator
@external("config", "vocabulary") export declare const vocabulary: i32;
/** Positions that the KV cache holds. */
// @ts-ignore: decorator
@external("config", "context") export declare const context: i32;

// The machine.
/** 1 or 2; with 1 every barrier folds away. */
// @ts-ignore: decorator
@external("config", "cores") export declare const cores: i32;
/** CPU clock that the boot code sets up: 80, 160 or 240 MHz. */
// @ts-ignore: decorator
@external("config", "clockMegahertz") export declare const clockMegahertz: i32;

// Addresses of working memory.
/** f32 x vocabulary: what the forward pass leaves behind. */
// @ts-ignore: decorator
@external("config", "logits") export declare const logits: usize;
/** Barrier counts, the posted job, results that the two cores exchange (device/parallel.ts). */
// @ts-ignore: decorator
@external("config", "teamwork") export declare const teamwork: usize;
/** u16 x vocabulary: the sampler's heap. */
// @ts-ignore: decorator
@external("config", "candidates") export declare const candidates: usize;
/** The line being edited; `lineBytes` long, and a byte more for decoding. */
// @ts-ignore: decorator
@external("config", "line") export declare const line: usize;
// @ts-ignore: decorator
@external("config", "lineBytes") export declare const lineBytes: i32;
/** Ring of `typedBytes` (a power of two): what arrives while a story runs. */
// @ts-ignore: decorator
@external("config", "typed") export declare const typed: usize;
// @ts-ignore: decorator
@external("config", "typedBytes") export declare const typedBytes: u32;
/** i32 x (lineBytes + 2) each: the encoded prompt, and what each of its tokens would become with its right neighbour. */
// @ts-ignore: decorator
@external("config", "promptTokens") export declare const promptTokens: usize;
// @ts-ignore: decorator
@external("config", "promptMerges") export declare const promptMerges: usize;
/** i32 x context: ids of the last story, in the order of its digest. */
// @ts-ignore: decorator
@external("config", "storyTokens") export declare const storyTokens: usize;
/** What a debugger, or the simulator's harness, may look at: device/status.ts. */
// @ts-ignore: decorator
@external("config", "status") export declare const status: usize;

// The packed vocabulary (device/tokenizer.ts).
/** u32 x (vocabulary + 1): where each piece begins in `pieceBytes`. */
// @ts-ignore: decorator
@external("config", "pieceOffsets") export declare const pieceOffsets: usize;
// @ts-ignore: decorator
@external("config", "pieceBytes") export declare const pieceBytes: usize;
/** f32 x vocabulary. */
// @ts-ignore: decorator
@external("config", "pieceScores") export declare const pieceScores: usize;
/** u16 x uniquePieces: ids in the order of their bytes, the lowest id of equal pieces only. */
// @ts-ignore: decorator
@external("config", "pieceOrder") export declare const pieceOrder: usize;
// @ts-ignore: decorator
@external("config", "uniquePieces") export declare const uniquePieces: i32;

// What only the boot code reads.
/** Text that the builder wrote about this image, ended by a zero byte: name, model, memory. */
// @ts-ignore: decorator
@external("config", "banner") export declare const banner: usize;
/** Pairs of words, address and length, of the memory that must be zero. */
// @ts-ignore: decorator
@external("config", "zeroRanges") export declare const zeroRanges: usize;
// @ts-ignore: decorator
@external("config", "zeroRangeCount") export declare const zeroRangeCount: i32;
/** How many of them, from the first, may be zeroed before core 1 has left the ROM. */
// @ts-ignore: decorator
@external("config", "earlyRangeCount") export declare const earlyRangeCount: i32;
/** Flash offset of the first 64 KB page to map at 0x3C000000, and how many pages; 0 pages: the data cache stays as it is. */
// @ts-ignore: decorator
@external("config", "flashOffset") export declare const flashOffset: u32;
// @ts-ignore: decorator
@external("config", "flashPages") export declare const flashPages: i32;
/** 64 KB pages of PSRAM to map behind the flash, and its kind: 0 none, 1 quad, 2 octal. */
// @ts-ignore: decorator
@external("config", "psramPages") export declare const psramPages: i32;
// @ts-ignore: decorator
@external("config", "psramKind") export declare const psramKind: i32;
/** First instruction of core 1. */
// @ts-ignore: decorator
@external("config", "entry1") export declare const entry1: u32;
/** What answers `/json on`, ended by a zero byte: the image as a JSON object. */
// @ts-ignore: decorator
@external("config", "readyLine") export declare const readyLine: usize;
/** Ring of `outputBytes` (a power of two): what is printed and not sent yet. */
// @ts-ignore: decorator
@external("config", "output") export declare const output: usize;
// @ts-ignore: decorator
@external("config", "outputBytes") export declare const outputBytes: u32;
