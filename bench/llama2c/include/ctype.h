#pragma once
#define isprint(c) ((c) >= 32 && (c) < 127)
#define isspace(c) ((c) == 32 || ((c) >= 9 && (c) <= 13))
