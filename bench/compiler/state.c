/* CoreMark's third kind: a state machine that sorts texts into whole numbers, fractions, exponents and nonsense. */
#include "kernel.h"

enum state { START, INVALID, SIGN, WHOLE, POINT, LETTER, POWER_SIGN, POWER, STATES };

static char text[400];
static u32 final_counts[STATES], changes[STATES];

static inline int is_digit(char c) { return c >= '0' && c <= '9'; }

NOT_INLINED static enum state next_state(const char **at) {
  const char *p = *at;
  enum state state = START;
  for (; *p && state != INVALID; p++) {
    char c = *p;
    if (c == ',') {
      p++;
      break;
    }
    switch (state) {
      case START:
        if (is_digit(c)) state = WHOLE;
        else if (c == '+' || c == '-') state = SIGN;
        else if (c == '.') state = POINT;
        else state = INVALID, changes[INVALID]++;
        changes[START]++;
        break;
      case SIGN:
        if (is_digit(c)) state = WHOLE, changes[SIGN]++;
        else if (c == '.') state = POINT, changes[SIGN]++;
        else state = INVALID, changes[SIGN]++;
        break;
      case WHOLE:
        if (c == '.') state = POINT, changes[WHOLE]++;
        else if (!is_digit(c)) state = INVALID, changes[WHOLE]++;
        break;
      case POINT:
        if (c == 'E' || c == 'e') state = LETTER, changes[POINT]++;
        else if (!is_digit(c)) state = INVALID, changes[POINT]++;
        break;
      case LETTER:
        if (c == '+' || c == '-') state = POWER_SIGN, changes[LETTER]++;
        else state = INVALID, changes[LETTER]++;
        break;
      case POWER_SIGN:
        if (is_digit(c)) state = POWER, changes[POWER_SIGN]++;
        else state = INVALID, changes[POWER_SIGN]++;
        break;
      case POWER:
        if (!is_digit(c)) state = INVALID, changes[INVALID]++;
        break;
      default: break;
    }
  }
  *at = p;
  return state;
}

u32 run(void) {
  static const char *const words[8] = {"5012,", "35.54400,", "-110.700,", "+0.64400e-12,",
                                       "-.123e+3,", "T0.3e-1F,", "1T3.4e4z,", "34.0e-T^,"};
  u32 seed = 31, sum = 0;
  int length = 0;
  for (;;) {
    const char *word = words[next_random(&seed) >> 13 & 7];
    if (length + 16 > (int)sizeof text) break;
    while (*word) text[length++] = *word++;
  }
  text[length] = 0;
  for (int round = 0; round < 6; round++) {
    for (const char *p = text; *p;) final_counts[next_state(&p)]++;
    for (int i = round; i < length; i += 23)
      if (text[i] != ',') text[i] ^= 1;
  }
  for (int i = 0; i < STATES; i++) sum = sum * 31 + final_counts[i] * 64 + changes[i];
  return sum;
}
