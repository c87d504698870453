/* FFT of 256 points in 16-bit fixed point, radix 2, halved at every stage. */
#include "kernel.h"

#define POINTS 256
static s16 re[POINTS], im[POINTS], cosines[POINTS / 2], sines[POINTS / 2];

/* One step of a rotation by 2 pi / 256 in 30-bit fixed point. */
static void make_tables(void) {
  s32 c = 1 << 30, s = 0;
  for (int i = 0; i < POINTS / 2; i++) {
    cosines[i] = (s16)((c >> 15) - (c >> 30)), sines[i] = (s16)(s >> 15);
    s32 next = (s32)(((s64)c * 1073418433 - (s64)s * 26350943) >> 30);
    s = (s32)(((s64)s * 1073418433 + (s64)c * 26350943) >> 30);
    c = next;
  }
}

NOT_INLINED static void transform(void) {
  for (int i = 1, j = 0; i < POINTS; i++) {
    int bit = POINTS / 2;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    s16 t = re[i];
    re[i] = re[j], re[j] = t;
    t = im[i], im[i] = im[j], im[j] = t;
  }
  for (int half = 1, step = POINTS / 2; half < POINTS; half *= 2, step /= 2) {
    for (int group = 0; group < POINTS; group += 2 * half) {
      for (int k = 0; k < half; k++) {
        s32 c = cosines[k * step], s = sines[k * step];
        int a = group + k, b = a + half;
        s32 x = (re[b] * c + im[b] * s) >> 15, y = (im[b] * c - re[b] * s) >> 15;
        re[b] = (s16)((re[a] - x) >> 1), im[b] = (s16)((im[a] - y) >> 1);
        re[a] = (s16)((re[a] + x) >> 1), im[a] = (s16)((im[a] + y) >> 1);
      }
    }
  }
}

u32 run(void) {
  u32 seed = 99, sum = 0;
  make_tables();
  for (int i = 0; i < POINTS; i++) re[i] = (s16)next_random(&seed), im[i] = 0;
  for (int i = 0; i < 3; i++) transform();
  for (int i = 0; i < POINTS; i++) sum = sum * 31 + (u16)re[i] + ((u32)(u16)im[i] << 16);
  return sum;
}
