/* CoreMark's first kind of work: a linked list searched, reversed and sorted by merging. */
#include "kernel.h"

struct data {
  s16 value, index;
};
struct node {
  struct node *next;
  struct data *data;
};
#define NODES 60
static struct node nodes[NODES];
static struct data items[NODES];
typedef s32 (*compare)(const struct data *, const struct data *);

static s32 by_value(const struct data *a, const struct data *b) { return (a->value & 0xff) - (b->value & 0xff); }
static s32 by_index(const struct data *a, const struct data *b) { return a->index - b->index; }
compare volatile orders[2] = {by_value, by_index};

NOT_INLINED static struct node *find(struct node *list, s16 value, s16 index) {
  if (index >= 0)
    while (list && list->data->index != index) list = list->next;
  else
    while (list && (list->data->value & 0xff) != value) list = list->next;
  return list;
}

NOT_INLINED static struct node *reverse(struct node *list) {
  struct node *done = 0;
  while (list) {
    struct node *next = list->next;
    list->next = done;
    done = list, list = next;
  }
  return done;
}

NOT_INLINED static struct node *merge_sort(struct node *list, compare order) {
  for (int width = 1;; width *= 2) {
    struct node *left = list, *tail = 0;
    int merges = 0;
    list = 0;
    while (left) {
      struct node *right = left;
      int left_size = 0, right_size = width;
      merges++;
      while (left_size < width && right) left_size++, right = right->next;
      while (left_size > 0 || (right_size > 0 && right)) {
        struct node *taken;
        if (left_size == 0 || (right_size > 0 && right && order(left->data, right->data) > 0))
          taken = right, right = right->next, right_size--;
        else
          taken = left, left = left->next, left_size--;
        if (tail) tail->next = taken;
        else list = taken;
        tail = taken;
      }
      left = right;
    }
    tail->next = 0;
    if (merges <= 1) return list;
  }
}

u32 run(void) {
  u32 seed = 5, sum = 0;
  for (int i = 0; i < NODES; i++) {
    items[i] = (struct data){(s16)next_random(&seed), (s16)i};
    nodes[i] = (struct node){i + 1 < NODES ? &nodes[i + 1] : 0, &items[i]};
  }
  struct node *list = nodes;
  for (int i = 0; i < 40; i++) {
    struct node *found = find(list, (s16)(i * 5 & 0xff), (s16)(i % 3 ? -1 : i));
    list = reverse(list);
    if (found) sum += (u16)found->data->index + 1, found->data->value ^= 3;
    else sum++;
  }
  for (int k = 0; k < 4; k++) {
    list = merge_sort(list, orders[k & 1]);
    for (struct node *at = list; at; at = at->next) sum = sum * 31 + (u16)at->data->value;
  }
  return sum;
}
