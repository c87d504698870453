/* CoreMark's second kind: small matrices of 16-bit numbers: sums, products with numbers, vectors and matrices. */
#include "kernel.h"

#define N 12
static s16 a[N * N], b[N * N];
static s32 c[N * N];

NOT_INLINED static s32 summed(s32 n, const s32 *m, s32 limit) {
  s32 part = 0, before = 0, result = 0;
  for (s32 i = 0; i < n; i++)
    for (s32 k = 0; k < n; k++) {
      s32 now = m[i * n + k];
      part += now;
      if (part > limit) result += 10, part = 0;
      else result += now > before;
      before = now;
    }
  return result;
}

NOT_INLINED static void scale(s32 n, s32 *to, const s16 *m, s16 value) {
  for (s32 i = 0; i < n; i++)
    for (s32 k = 0; k < n; k++) to[i * n + k] = m[i * n + k] * value;
}

NOT_INLINED static void add(s32 n, s16 *m, s16 value) {
  for (s32 i = 0; i < n; i++)
    for (s32 k = 0; k < n; k++) m[i * n + k] += value;
}

NOT_INLINED static void times_vector(s32 n, s32 *to, const s16 *m, const s16 *v) {
  for (s32 i = 0; i < n; i++) {
    to[i] = 0;
    for (s32 k = 0; k < n; k++) to[i] += m[i * n + k] * v[k];
  }
}

NOT_INLINED static void times(s32 n, s32 *to, const s16 *x, const s16 *y) {
  for (s32 i = 0; i < n; i++)
    for (s32 k = 0; k < n; k++) {
      s32 sum = 0;
      for (s32 j = 0; j < n; j++) sum += x[i * n + j] * y[j * n + k];
      to[i * n + k] = sum;
    }
}

NOT_INLINED static void times_bits(s32 n, s32 *to, const s16 *x, const s16 *y) {
  for (s32 i = 0; i < n; i++)
    for (s32 k = 0; k < n; k++) {
      s32 sum = 0;
      for (s32 j = 0; j < n; j++) {
        s32 product = x[i * n + j] * y[j * n + k];
        sum += (product >> 2 & 0xf) * (product >> 5 & 0x7f);
      }
      to[i * n + k] = sum;
    }
}

volatile s32 size = N;

u32 run(void) {
  u32 seed = 21, result = 0;
  s32 n = size;
  for (s32 i = 0; i < n * n; i++) a[i] = (s16)(next_random(&seed) >> 22), b[i] = (s16)(next_random(&seed) >> 22);
  for (s32 round = 0; round < 2; round++) {
    add(n, a, 7);
    scale(n, c, a, 13), result = result * 31 + (u32)summed(n, c, 5000);
    times_vector(n, c, a, b), result = result * 31 + (u32)summed(n, c, 5000);
    times(n, c, a, b), result = result * 31 + (u32)summed(n, c, 5000);
    times_bits(n, c, a, b), result = result * 31 + (u32)summed(n, c, 5000);
    add(n, a, -7);
  }
  return result;
}
