/* CoreMark's fourth kind: a CRC-16 of bytes, bit by bit. */
#include "kernel.h"

NOT_INLINED static u16 crc_byte(u8 data, u16 crc) {
  for (int i = 0; i < 8; i++) {
    u8 differs = (u8)((data & 1) ^ (crc & 1));
    data >>= 1;
    if (differs) crc ^= 0x4002, crc >>= 1, crc |= 0x8000;
    else crc >>= 1, crc &= 0x7fff;
  }
  return crc;
}

static inline u16 crc_word(u32 data, u16 crc) {
  for (int i = 0; i < 4; i++) crc = crc_byte((u8)(data >> 8 * i), crc);
  return crc;
}

u32 run(void) {
  u32 seed = 1;
  u16 crc = 0;
  for (int i = 0; i < 100; i++) crc = crc_word(next_random(&seed), crc);
  return crc;
}
