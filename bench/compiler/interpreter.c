/* An interpreter of a small stack machine, one switch in a loop; its program counts Collatz steps of 2 to 59. */
#include "kernel.h"

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, AND, SHR, LESS, JUMP, JUMP_ZERO, HALT };
enum { N, X, STEPS };

static const u8 program[][2] = {
    {PUSH, 2}, {STORE, N},                                                       /* 0: n = 2 */
    {LOAD, N}, {PUSH, 60}, {LESS}, {JUMP_ZERO, 37}, {LOAD, N}, {STORE, X},       /* 2: while n < 60, x = n */
    {LOAD, X}, {PUSH, 1}, {SUB}, {JUMP_ZERO, 32},                                /* 8: while x != 1 */
    {LOAD, STEPS}, {PUSH, 1}, {ADD}, {STORE, STEPS},                             /* 12: steps++ */
    {LOAD, X}, {PUSH, 1}, {AND}, {JUMP_ZERO, 27},                                /* 16: odd: */
    {LOAD, X}, {PUSH, 3}, {MUL}, {PUSH, 1}, {ADD}, {STORE, X}, {JUMP, 8},        /* 20: x = 3 x + 1 */
    {LOAD, X}, {PUSH, 1}, {SHR}, {STORE, X}, {JUMP, 8},                          /* 27: even: x = x / 2 */
    {LOAD, N}, {PUSH, 1}, {ADD}, {STORE, N}, {JUMP, 2},                          /* 32: n++ */
    {HALT}};

static s32 stack[16], variables[4];

NOT_INLINED static u32 interpret(void) {
  const u8(*code)[2] = program;
  s32 *top = stack;
  u32 count = 0;
  for (;;) {
    u32 op = code[0][0], operand = code[0][1];
    code++, count++;
    switch (op) {
      case PUSH: *top++ = (s32)operand; break;
      case LOAD: *top++ = variables[operand]; break;
      case STORE: variables[operand] = *--top; break;
      case ADD: top--, top[-1] += *top; break;
      case SUB: top--, top[-1] -= *top; break;
      case MUL: top--, top[-1] *= *top; break;
      case AND: top--, top[-1] &= *top; break;
      case SHR: top--, top[-1] >>= *top; break;
      case LESS: top--, top[-1] = top[-1] < *top; break;
      case JUMP: code = program + operand; break;
      case JUMP_ZERO:
        if (*--top == 0) code = program + operand;
        break;
      case HALT: return count;
      default: return 0;
    }
  }
}

u32 run(void) {
  for (int i = 0; i < 4; i++) variables[i] = 0;
  u32 count = interpret();
  return count * 1000 + (u32)variables[STEPS];
}
