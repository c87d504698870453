/** Switches in a program of AssemblyScript: its host says by `__active` which mutants are on, and learns by `__reached` which were asked for; a bit each. */

/** Bits of both. */
export const DEVICE_MUTANTS = 64;

/** Stands at the beginning of the program's entry file: constants of other files ask before its end is reached. */
export const DEVICE_SWITCHES = `
export let __active: i64 = 0;
export let __reached: i64 = 0;
// @ts-ignore: decorator
@global
function __mutant(id: i32): bool {
  __reached = __reached | ((1 as i64) << (id as i64));
  return ((__active >> (id as i64)) & 1) != 0;
}
`;
