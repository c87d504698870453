/* What GCC calls where a record is copied or cleared: by words where it can, as the C library of the chip does. */
#include "kernel.h"

typedef __SIZE_TYPE__ size;

void *memcpy(void *to, const void *from, size count) {
  u8 *t = to;
  const u8 *f = from;
  if ((((u32)t | (u32)f) & 3) == 0) {
    for (; count >= 16; t += 16, f += 16, count -= 16) {
      u32 a = ((const u32 *)f)[0], b = ((const u32 *)f)[1], c = ((const u32 *)f)[2], d = ((const u32 *)f)[3];
      ((u32 *)t)[0] = a, ((u32 *)t)[1] = b, ((u32 *)t)[2] = c, ((u32 *)t)[3] = d;
    }
    for (; count >= 4; t += 4, f += 4, count -= 4) *(u32 *)t = *(const u32 *)f;
  }
  while (count-- > 0) *t++ = *f++;
  return to;
}

void *memset(void *to, int value, size count) {
  u8 *t = to;
  u32 word = (u8)value * 0x01010101u;
  if (((u32)t & 3) == 0)
    for (; count >= 4; t += 4, count -= 4) *(u32 *)t = word;
  while (count-- > 0) *t++ = (u8)value;
  return to;
}
