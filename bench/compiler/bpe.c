/* Byte-pair encoding: the best pair of neighbours is merged again and again, pairs looked up by binary search. */
#include "kernel.h"

#define MERGES 256
#define TEXT 96
struct merge {
  u16 left, right, into, rank;
};
static struct merge merges[MERGES];
static u16 tokens[TEXT];

static inline u32 key_of(u32 left, u32 right) { return left << 16 | right; }

NOT_INLINED static int find(u32 left, u32 right) {
  u32 wanted = key_of(left, right);
  int low = 0, high = MERGES - 1;
  while (low <= high) {
    int middle = (low + high) / 2;
    u32 key = key_of(merges[middle].left, merges[middle].right);
    if (key == wanted) return middle;
    if (key < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

NOT_INLINED static int encode(int count) {
  for (;;) {
    int best = -1, at = -1, best_rank = 1 << 30;
    for (int i = 0; i + 1 < count; i++) {
      int found = find(tokens[i], tokens[i + 1]);
      if (found >= 0 && merges[found].rank < best_rank) best_rank = merges[found].rank, best = found, at = i;
    }
    if (best < 0) return count;
    tokens[at] = merges[best].into;
    for (int i = at + 1; i + 1 < count; i++) tokens[i] = tokens[i + 1];
    count--;
  }
}

u32 run(void) {
  u32 seed = 7, sum = 0;
  for (int i = 0; i < MERGES; i++)
    merges[i] = (struct merge){(u16)(i / 16), (u16)(i % 16), (u16)(16 + i % 40), (u16)(i * 37 % 256)};
  for (int i = 0; i < TEXT; i++) tokens[i] = next_random(&seed) % 16;
  int count = encode(TEXT);
  for (int i = 0; i < count; i++) sum = sum * 31 + tokens[i];
  return sum + (u32)count;
}
