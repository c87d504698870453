#pragma once
#include <stdint-gcc.h>
#define PRIu32 "lu"
#define PRId32 "ld"
#define PRIx32 "lx"
