/** What the compiler to Xtensa inlines as single instructions; on the host these are JavaScript stand-ins. */

/** Volatile, ordered 32-bit load of a peripheral register or of a word that the other core writes. */
// @ts-ignore: decorator
@external("mmio", "read32") export declare function read32(address: usize): u32;
/** Volatile, ordered 32-bit store. */
// @ts-ignore: decorator
@external("mmio", "write32") export declare function write32(address: usize, value: u32): void;
/** Cycles of this core since reset, modulo 2^32 (special register CCOUNT). */
// @ts-ignore: decorator
@external("xt", "ccount") export declare function ccount(): u32;
