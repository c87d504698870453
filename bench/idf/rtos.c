/*
 * What the FreeRTOS of ESP-IDF takes of the rest of ESP-IDF: interrupts routed and enabled, memory, time, ways to give up.
 * The kernel, its port, vectors, context switch, tick and the interrupt between the cores are ESP-IDF's own files.
 */
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "esp_cpu.h"
#include "esp_intr_alloc.h"
#include "esp_private/crosscore_int.h"
#include "xtensa_api.h"

void exit(int code) __attribute__((noreturn));
void *malloc(size_t size);
void app(void *arguments);

/* Places that ESP-IDF's linker scripts give; no variable is local to a thread. */
__asm__(
    ".global SYSTEM\n.set SYSTEM, 0x600C0000\n.global SYSTIMER\n.set SYSTIMER, 0x60023000\n"
    ".global _thread_local_start\n.set _thread_local_start, 0x3FC98000\n.global _thread_local_end\n.set _thread_local_end, 0x3FC98000\n"
    ".global _flash_rodata_start\n.set _flash_rodata_start, 0x3FC98000\n.global _flash_rodata_align\n.set _flash_rodata_align, 16\n");

void abort(void) { exit(134); }
void __assert_func(const char *file, int line, const char *function, const char *what) { exit(135); }
void _esp_error_check_failed(esp_err_t code, const char *file, int line, const char *function, const char *what) { exit(136); }
void esp_system_abort(const char *why) { exit(137); }
void xt_unhandled_exception(void *frame) { exit(138); }
void _xt_panic(void) { exit(139); }
void call_user_start(void) { exit(140); }
void task_wdt_timeout_abort(bool other) { exit(141); }

/* _xtos_set_intlevel of the mask ROM. */
unsigned _xtos_set_intlevel(int level) {
  unsigned old;
  __asm__ volatile("rsil %0, 15" : "=r"(old));
  __asm__ volatile("wsr.ps %0\nrsync" ::"r"((old & ~15u) | level));
  return old;
}

/* Level 1, level-triggered interrupts, in the order in which they are asked for. */
static int next_interrupt[2] = {2, 2};
esp_err_t esp_intr_alloc(int source, int flags, intr_handler_t handler, void *argument, intr_handle_t *handle) {
  int core = esp_cpu_get_core_id();
  int line = next_interrupt[core]++;
  *(volatile uint32_t *)(0x600C2000 + 0x800 * core + 4 * source) = line;
  xt_set_interrupt_handler(line, (xt_handler)handler, argument);
  xt_ints_on(1u << line);
  return ESP_OK;
}

void *heap_caps_malloc(size_t size, uint32_t capabilities) { return malloc(size); }
void heap_caps_free(void *block) {}
bool periph_rcc_acquire_enter(int module) { return false; }
void periph_rcc_acquire_exit(int module, uint8_t references) {}
void esp_reent_init(struct _reent *reent) { memset(reent, 0, sizeof *reent); }
static struct _reent shared;
struct _reent *_global_impure_ptr = &shared;
struct _reent *_impure_ptr = &shared;
void _reclaim_reent(struct _reent *reent) {}
uint32_t esp_log_timestamp(void) { return 0; }
int esp_rom_printf(const char *format, ...) { return 0; }
char *strcat(char *to, const char *from) { exit(142); }
bool esp_ptr_byte_accessible(const void *place) { return true; }
int esp_log_default_level;
size_t heap_caps_get_free_size(uint32_t capabilities) { return 0; }
size_t heap_caps_get_minimum_free_size(uint32_t capabilities) { return 0; }
esp_err_t esp_backtrace_print(int depth) { return ESP_OK; }

extern char _vector_table[];
extern volatile unsigned port_xSchedulerRunning[portNUM_PROCESSORS];

static void begin(void) {
  __asm__ volatile("rsil a15, 15" ::: "a15");
  __asm__ volatile("wsr.intenable %0\nwsr.vecbase %1\nrsync" ::"r"(0), "r"(_vector_table));
}
/* Core 1 starts here: esp_startup_start_app_other_cores. */
void worker(void) {
  while (port_xSchedulerRunning[0] == 0);
  begin();
  esp_crosscore_int_init();
  xPortStartScheduler();
}
/* esp_startup_start_app; the task as ESP-IDF makes it for app_main. */
void start_scheduler(void *arguments) {
  begin();
  esp_crosscore_int_init();
  xTaskCreatePinnedToCore(app, "main", CONFIG_ESP_MAIN_TASK_STACK_SIZE + 4096, arguments, 1, 0, 0);
  vTaskStartScheduler();
}
