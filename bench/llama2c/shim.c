/*
 * What DaveBben's llm.c needs besides FreeRTOS: a heap in SRAM and PSRAM, files in the program, text and time.
 */
#include <stdarg.h>
#include <stdint-gcc.h>
#include "freertos/FreeRTOS.h"
#include "llm.h"
#include "string.h"
#include "time.h"

extern const char model_start[], model_end[], tokenizer_start[], tokenizer_end[];
extern char heap_psram[];

/* Simulator calls. */
static long simcall(long number, long a, long b, long c) {
  register long r2 __asm__("a2") = number, r3 __asm__("a3") = a, r4 __asm__("a4") = b, r5 __asm__("a5") = c;
  __asm__ volatile("simcall" : "+r"(r2), "+r"(r3) : "r"(r4), "r"(r5) : "memory");
  return r2;
}
void exit(int code) {
  simcall(1, code, 0, 0);
  for (;;);
}
static void write_text(const char *text, size_t size) { simcall(4, 1, (long)text, size); }

/* --- Heap. CONFIG_SPIRAM_MALLOC_ALWAYSINTERNAL=16384: larger blocks lie in PSRAM. --- */
#define ALWAYS_INTERNAL 16384
static char internal[128 * 1024] __attribute__((aligned(16)));
static size_t used_internal, used_psram;

void *malloc(size_t size) {
  size_t *used = size <= ALWAYS_INTERNAL ? &used_internal : &used_psram;
  char *block = (size <= ALWAYS_INTERNAL ? internal : heap_psram) + *used;
  *used += (size + 15) & ~15u;
  if (used_internal > sizeof internal) exit(9);
  return block;
}
void *calloc(size_t count, size_t size) { return memset(malloc(count * size), 0, count * size); }
void free(void *block) { (void)block; }
int abs(int x) { return x < 0 ? -x : x; }

/* --- Files. --- */
struct file {
  const char *start;
  long size, at;
};
static struct file files[2];
FILE *stdin, *stdout, *stderr;

FILE *fopen(const char *name, const char *mode) {
  (void)mode;
  int which = name[6] == 't';
  files[0] = (struct file){model_start, model_end - model_start, files[0].at};
  files[1] = (struct file){tokenizer_start, tokenizer_end - tokenizer_start, files[1].at};
  files[which].at = 0;
  return &files[which];
}
size_t fread(void *to, size_t size, size_t count, FILE *file) {
  long bytes = size * count;
  if (bytes > file->size - file->at) bytes = file->size - file->at;
  memcpy(to, file->start + file->at, bytes);
  file->at += bytes;
  /* The program asks for a whole file with its size in the wrong place. */
  return size == 1 ? (size_t)bytes : count;
}
int fseek(FILE *file, long offset, int from) {
  file->at = from == SEEK_END ? file->size + offset : offset;
  return 0;
}
long ftell(FILE *file) { return file->at; }
int fclose(FILE *file) { return file == 0; }
size_t fwrite(const void *from, size_t size, size_t count, FILE *file) {
  (void)file;
  write_text(from, size * count);
  return count;
}
int putchar(int c) {
  char text = c;
  write_text(&text, 1);
  return c;
}
int fflush(FILE *file) { return file == 0; }
char *fgets(char *line, int size, FILE *file) { return size > 0 && file ? line : 0; }

/* --- Text: %s, %d and %f, and the one form that sscanf is asked for. --- */
static char *put_number(char *to, unsigned value) {
  char digits[12];
  int n = 0;
  do digits[n++] = '0' + value % 10;
  while (value /= 10);
  while (n > 0) *to++ = digits[--n];
  return to;
}
static size_t format_text(char *to, const char *format, va_list values) {
  char *start = to;
  for (; *format; format++) {
    if (*format != '%') {
      *to++ = *format;
      continue;
    }
    switch (*++format) {
      case 's': {
        const char *text = va_arg(values, const char *);
        size_t size = strlen(text);
        memcpy(to, text, size);
        to += size;
        break;
      }
      case 'c': *to++ = va_arg(values, int); break;
      case 'f': {
        unsigned thousandths = (unsigned)(float)(va_arg(values, double) * 1000);
        to = put_number(to, thousandths / 1000);
        *to++ = '.';
        for (unsigned unit = 100; unit; unit /= 10) *to++ = '0' + thousandths / unit % 10;
        break;
      }
      default: to = put_number(to, va_arg(values, unsigned));
    }
  }
  *to = 0;
  return to - start;
}
int printf(const char *format, ...) {
  char text[256];
  va_list values;
  va_start(values, format);
  size_t size = format_text(text, format, values);
  va_end(values);
  write_text(text, size);
  return size;
}
int fprintf(FILE *file, const char *format, ...) {
  char text[256];
  (void)file;
  va_list values;
  va_start(values, format);
  size_t size = format_text(text, format, values);
  va_end(values);
  write_text(text, size);
  return size;
}
int sprintf(char *to, const char *format, ...) {
  va_list values;
  va_start(values, format);
  size_t size = format_text(to, format, values);
  va_end(values);
  return size;
}
static int digit_of(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }
/* "<0x%02hhX>" */
int sscanf(const char *text, const char *format, ...) {
  if (text[0] != '<' || text[1] != '0' || text[2] != 'x' || digit_of(text[3]) < 0 || digit_of(text[4]) < 0) return 0;
  va_list values;
  va_start(values, format);
  *va_arg(values, unsigned char *) = digit_of(text[3]) * 16 + digit_of(text[4]);
  va_end(values);
  return 1;
}

/* --- Time: the CPU's clock, 240 MHz; wraps after 17.9 s. --- */
int clock_gettime(int clock, struct timespec *now) {
  (void)clock;
  uint32_t cycles;
  __asm__ volatile("rsr.ccount %0" : "=r"(cycles));
  uint32_t milliseconds = cycles / 240000;
  now->tv_sec = milliseconds / 1000, now->tv_nsec = milliseconds % 1000 * 1000000;
  return 0;
}

/* --- As main.c of the project calls it. --- */
static void done(float rate) { (void)rate; }

static int steps = 256;
static float temperature = 1.0f;

/* app_main */
void app(void *arguments) {
  (void)arguments;
  static Transformer transformer;
  static Tokenizer tokenizer;
  static Sampler sampler;
  build_transformer(&transformer, "/data/stories260K.bin");
  build_tokenizer(&tokenizer, "/data/tok512.bin", transformer.config.vocab_size);
  build_sampler(&sampler, transformer.config.vocab_size, temperature, 0.9f, 42);
  generate(&transformer, &tokenizer, &sampler, 0, steps, done);
  exit(0);
}

void start_scheduler(void *arguments);

/* Arguments: how many tokens; a second one for greedy. */
int main(int argc, char **argv) {
  if (argc > 1) steps = 0;
  for (const char *digit = argc > 1 ? argv[1] : ""; *digit; digit++) steps = steps * 10 + (*digit - '0');
  if (argc > 2) temperature = 0.0f;
  start_scheduler(0);
}
