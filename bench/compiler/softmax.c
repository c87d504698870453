/* Softmax of 256 floats; the exponential by a polynomial. */
#include "kernel.h"

#define SIZE 256
static float scores[SIZE], weights[SIZE];

static inline float power_of_two(float x) {
  s32 whole = (s32)x;
  if (x < (float)whole) whole--;
  float f = x - (float)whole;
  float p = 1.0f + f * (0.69314718f + f * (0.24022651f + f * (0.05550411f + f * 0.0096181291f)));
  union {
    u32 bits;
    float value;
  } scale = {(u32)(whole + 127) << 23};
  return p * scale.value;
}

NOT_INLINED static float softmax(int count) {
  float largest = scores[0], sum = 0;
  for (int i = 1; i < count; i++)
    if (scores[i] > largest) largest = scores[i];
  for (int i = 0; i < count; i++) {
    float x = (scores[i] - largest) * 1.44269504f;
    weights[i] = x < -100.0f ? 0.0f : power_of_two(x);
    sum += weights[i];
  }
  float scale = 1.0f / sum;
  for (int i = 0; i < count; i++) weights[i] *= scale;
  return sum;
}

u32 run(void) {
  u32 seed = 3, sum = 0;
  for (int i = 0; i < SIZE; i++) scores[i] = (float)(s32)(next_random(&seed) >> 8) * (1.0f / 2097152.0f);
  softmax(SIZE);
  for (int i = 0; i < SIZE; i++) sum = sum * 31 + (u32)(weights[i] * 1000000.0f);
  return sum >> 12;
}
