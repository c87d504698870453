/* What ordinary programs do, in Dhrystone's spirit: records, strings, small functions, a few branches. */
#include "kernel.h"

struct entry {
  struct entry *next;
  s32 kind, number;
  char name[20];
};
static struct entry first, second, other;
static s32 table[50], grid[10][10];
static s32 global_number;
static char global_letter;
static char titles[2][20] = {"RECORDS, 1'ST STRING", "RECORDS, 2'ND STRIN"};

NOT_INLINED static void copy_text(char *to, const char *from) {
  int i = 0;
  for (; i < 19 && from[i]; i++) to[i] = from[i];
  to[i] = 0;
}

NOT_INLINED static int compare_text(const char *a, const char *b) {
  for (; *a == *b; a++, b++)
    if (*a == 0) return 0;
  return (u8)*a - (u8)*b;
}

NOT_INLINED static s32 add_three(s32 a, s32 b) { return a + b + 3; }

NOT_INLINED static void fill(s32 *line, s32 (*cells)[10], s32 a, s32 b) {
  s32 at = a + 5;
  line[at] = b, line[at + 1] = line[at], line[at + 30] = at;
  for (int i = at; i <= at + 1; i++) cells[at % 10][i % 10] = at;
  cells[at % 10][(at + 9) % 10] += 1;
  global_number = 5;
}

NOT_INLINED static int same_letter(char a, char b) {
  if (a != b) return 0;
  global_letter = a;
  return 1;
}

NOT_INLINED static void follow(struct entry *from) {
  struct entry *to = from->next;
  *to = first;
  from->number = 5, to->number = from->number;
  to->next = from->next;
  if (to->kind == 0) {
    to->number = 6;
    to->kind = from->kind + 1;
    to->number = add_three(to->number, 10);
  } else
    *from = *to;
}

u32 run(void) {
  s32 a = 0, b = 0, c = 0;
  u32 sum = 0;
  first = (struct entry){&second, 0, 40, ""}, second = (struct entry){&other, 1, 7, ""};
  copy_text(first.name, "A NAME OF RECORDS");
  for (s32 round = 1; round <= 60; round++) {
    a = 2, b = 3;
    copy_text(second.name, titles[round & 1]);
    global_letter = 'A';
    int differs = compare_text(second.name, titles[0]) > 0;
    while (a < b) c = 5 * a - b, c = add_three(a, c), a++;
    fill(table, grid, a, c);
    follow(&first);
    for (char letter = 'A'; letter <= 'C'; letter++)
      if (same_letter(letter, 'C')) copy_text(second.name, titles[1]), b = round;
    b = b * a, a = b / c, b = 7 * (b - c) - a;
    sum = sum * 31 + (u32)(a + b + c + differs + table[8] + grid[8][7] + first.number);
  }
  return sum;
}
