/* What the kernels share: no library, no includes. Each file defines unsigned run(void), which gives a checksum. */
typedef unsigned char u8;
typedef signed char s8;
typedef short s16;
typedef unsigned short u16;
typedef unsigned u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;

/* Numbers that look random (Marsaglia's xorshift). */
static inline u32 next_random(u32 *state) {
  u32 x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

#define NOT_INLINED __attribute__((noinline))
