#pragma once
#include <stdlib.h>
#define assert(x) ((x) ? (void)0 : abort())
#define static_assert _Static_assert
