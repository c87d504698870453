/* Matrix times vector in int8, 48 rows of 64 columns, each row with its own scale. */
#include "kernel.h"

#define ROWS 48
#define COLUMNS 64
static s8 matrix[ROWS][COLUMNS], vector[COLUMNS];
static s32 outputs[ROWS];
static s16 scales[ROWS];

NOT_INLINED static void multiply(void) {
  for (int row = 0; row < ROWS; row++) {
    s32 sum = 0;
    for (int i = 0; i < COLUMNS; i++) sum += matrix[row][i] * vector[i];
    outputs[row] = (sum * scales[row]) >> 8;
  }
}

u32 run(void) {
  u32 seed = 17, sum = 0;
  for (int row = 0; row < ROWS; row++) {
    scales[row] = (s16)(next_random(&seed) >> 20);
    for (int i = 0; i < COLUMNS; i++) matrix[row][i] = (s8)next_random(&seed);
  }
  for (int i = 0; i < COLUMNS; i++) vector[i] = (s8)next_random(&seed);
  for (int i = 0; i < 4; i++) multiply();
  for (int row = 0; row < ROWS; row++) sum = sum * 31 + (u32)outputs[row];
  return sum;
}
