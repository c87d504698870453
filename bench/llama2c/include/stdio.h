#pragma once
/* Files lie in the program (files.S); what is printed goes out by simulator calls. */
#include <stddef.h>
typedef struct file FILE;
#define SEEK_SET 0
#define SEEK_END 2
extern FILE *stdin, *stdout, *stderr;
FILE *fopen(const char *name, const char *mode);
size_t fread(void *to, size_t size, size_t count, FILE *file);
int fseek(FILE *file, long offset, int from);
long ftell(FILE *file);
int fclose(FILE *file);
int fflush(FILE *file);
char *fgets(char *line, int size, FILE *file);
int printf(const char *format, ...);
int fprintf(FILE *file, const char *format, ...);
int sprintf(char *to, const char *format, ...);
int sscanf(const char *text, const char *format, ...);
