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
