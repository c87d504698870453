/** CRC-32 as in Ethernet and zip: begins with `CRC_START`, and is the complement of what the last byte leaves. */
const POLYNOMIAL: u32 = 0xedb8_8320;
export const CRC_START: u32 = 0xffff_ffff;
/** What is left behind bytes and their own CRC, least significant byte first. */
export const CRC_RESIDUE: u32 = 0xdebb_20e3;

/** One byte more. */
// @ts-ignore: decorator
@inline
export function crcWith(sum: u32, byte: u32): u32 {
  sum ^= byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ POLYNOMIAL : sum >> 1;
  return sum;
}
