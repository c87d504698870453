#pragma once
#include <stddef.h>
#include <stdint-gcc.h>
#define EXIT_FAILURE 1
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *block);
void exit(int code) __attribute__((noreturn));
int abs(int x);
void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
