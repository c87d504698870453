/* 64-bit arithmetic: a generator, products modulo a number, greatest common divisors, digits. */
#include "kernel.h"

static u64 values[32];

NOT_INLINED static u64 multiply_modulo(u64 a, u64 b, u64 modulus) {
  u64 high = (a >> 32) * b % modulus, low = (a & 0xffffffff) * b % modulus;
  return ((high << 20) % modulus + low) % modulus;
}

NOT_INLINED static u64 greatest_divisor(u64 a, u64 b) {
  while (b != 0) {
    u64 rest = a % b;
    a = b, b = rest;
  }
  return a;
}

NOT_INLINED static u32 digit_sum(u64 x) {
  u32 sum = 0;
  for (; x != 0; x /= 10) sum += (u32)(x % 10);
  return sum;
}

u32 run(void) {
  u64 state = 88172645463325252ull, mixed = 0;
  u32 sum = 0;
  for (int i = 0; i < 32; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    values[i] = state * 2685821657736338717ull;
    mixed += values[i] ^ (values[i] >> (i & 63)) ^ (u64)((s64)values[i] >> 40);
  }
  for (int i = 0; i < 31; i++) {
    mixed ^= multiply_modulo(values[i] >> 24, values[i + 1] >> 24, 1000000007ull * (u32)(i + 1));
    mixed += greatest_divisor(values[i] >> 20, values[i + 1] >> 30);
    if (i < 8) sum += digit_sum(values[i]);
    if ((s64)values[i] < (s64)values[i + 1]) sum++;
  }
  return sum * 1000 + (u32)mixed + (u32)(mixed >> 32);
}
