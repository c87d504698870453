/* Quicksort of any records, as qsort does it: the comparison is called through a pointer. */
#include "kernel.h"

struct record {
  s32 key;
  u32 value;
};
typedef int (*compare)(const struct record *, const struct record *);

static struct record records[400];

static int by_key(const struct record *a, const struct record *b) { return a->key < b->key ? -1 : a->key > b->key; }
static int by_value(const struct record *a, const struct record *b) {
  return a->value < b->value ? -1 : a->value > b->value;
}
compare volatile orders[2] = {by_key, by_value};

static inline void swap(struct record *a, struct record *b) {
  struct record saved = *a;
  *a = *b;
  *b = saved;
}

NOT_INLINED static void sort(struct record *first, int count, compare order) {
  while (count > 8) {
    swap(first, first + count / 2);
    struct record *low = first, *high = first + count;
    for (;;) {
      do low++;
      while (low < first + count && order(low, first) < 0);
      do high--;
      while (order(high, first) > 0);
      if (low >= high) break;
      swap(low, high);
    }
    swap(first, high);
    int left = (int)(high - first);
    sort(high + 1, count - left - 1, order);
    count = left;
  }
  for (int i = 1; i < count; i++) {
    struct record moved = first[i];
    int k = i;
    for (; k > 0 && order(&moved, &first[k - 1]) < 0; k--) first[k] = first[k - 1];
    first[k] = moved;
  }
}

u32 run(void) {
  u32 seed = 12345, sum = 0;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 400; i++) records[i] = (struct record){(s32)next_random(&seed), next_random(&seed)};
    sort(records, 400, orders[round]);
    for (int i = 0; i < 400; i++) sum = sum * 31 + records[i].value;
  }
  return sum;
}
