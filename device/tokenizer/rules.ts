/** Where the parts of `textRules` are (src/firmware/text-rules.ts): offsets of words, which hold counts and offsets from its start. */

/** Classes of characters: u32 each, code point above KIND_BITS bits of kinds; sorted. */
export const CLASS_COUNT: usize = 0;
export const CLASSES: usize = 4;
/** Characters that become others: two words each, the code point and where its bytes begin; a last pair ends the bytes. Sorted. */
export const FOLD_COUNT: usize = 8;
export const FOLDS: usize = 12;
export const FOLD_BYTES: usize = 16;
/** Texts that become others: lengths of both as bytes, then their bytes; a zero ends them. */
export const REPLACEMENTS: usize = 20;
/** Behind that only where a text is brought to a normal form. FOLDS are what characters consist of then. */
/** Marks by where their combining class begins: u32 each, code point above MARK_RANK_BITS bits of the class's rank, 0: no mark. Sorted. */
export const MARK_COUNT: usize = 24;
export const MARKS: usize = 28;
export const MARK_RANK_BITS: u32 = 8;
/** Characters that compose: three words each, both and what they become. Sorted. */
export const PAIR_COUNT: usize = 32;
export const PAIRS: usize = 36;
