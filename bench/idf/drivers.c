/* What ESP-IDF's drivers of I2C, UART and pins take of the rest of ESP-IDF and of the mask ROM. */
#include "freertos/FreeRTOS.h"
#include "esp_err.h"
#include "soc/clk_tree_defs.h"
#include "esp_intr_alloc.h"

void exit(int code) {
  register long r2 __asm__("a2") = 1, r3 __asm__("a3") = code;
  __asm__ volatile("simcall" : "+r"(r2), "+r"(r3)::"memory");
  for (;;);
}
/* For what no master calls. */
long nothing(void) { return 0; }

esp_err_t esp_intr_alloc(int source, int flags, intr_handler_t handler, void *argument, intr_handle_t *handle);
esp_err_t esp_intr_alloc_intrstatus(int source, int flags, uint32_t status, uint32_t mask, intr_handler_t handler,
                                    void *argument, intr_handle_t *handle) {
  return esp_intr_alloc(source, flags, handler, argument, handle);
}
static char room[64 * 1024] __attribute__((aligned(16)));
static size_t used;
void *malloc(size_t size) {
  void *block = room + used;
  used += (size + 15) & ~15u;
  if (used > sizeof room) exit(9);
  return block;
}
void free(void *block) {}
void *heap_caps_calloc(size_t n, size_t size, uint32_t caps) { return memset(malloc(n * size), 0, n * size); }
void *calloc(size_t n, size_t size) { return heap_caps_calloc(n, size, 0); }

/* Registers, as ESP-IDF's linker scripts place them. */
#define PLACE(name, address) __asm__(".global " #name "\n.set " #name ", " #address)
PLACE(GPIO, 0x60004000);
PLACE(UART0, 0x60000000);
PLACE(UART1, 0x60010000);
PLACE(UART2, 0x6002E000);
PLACE(I2C0, 0x60013000);
PLACE(I2C1, 0x60027000);
PLACE(RTCIO, 0x60008400);
PLACE(RTCCNTL, 0x60008000);
PLACE(SENS, 0x60008800);
PLACE(USB_SERIAL_JTAG, 0x60038000);

int esp_clk_xtal_freq(void) { return 40000000; }
bool esp_gpio_is_reserved(uint64_t mask) { return false; }
uint64_t esp_gpio_reserve(uint64_t mask) { return 0; }
esp_err_t esp_intr_free(intr_handle_t h) { return 0; }
int esp_intr_get_cpu(intr_handle_t h) { return 0; }
esp_err_t esp_intr_enable(intr_handle_t h) { return 0; }
esp_err_t esp_intr_disable(intr_handle_t h) { return 0; }
esp_err_t esp_ipc_call_blocking(uint32_t core, void (*f)(void *), void *a) { f(a); return 0; }
void esp_log_write(int level, const char *tag, const char *format, ...) {}
void _lock_acquire(int *l) {}
void _lock_release(int *l) {}
void periph_rcc_enter(void) {}
void periph_rcc_exit(void) {}
/* gpio_matrix_in, gpio_matrix_out of the mask ROM. */
void esp_rom_gpio_connect_in_signal(uint32_t pin, uint32_t signal, bool inverted) {
  *(volatile uint32_t *)(0x60004154 + 4 * signal) = (pin & 0x3f) | inverted << 6 | 1 << 7;
}
void esp_rom_gpio_connect_out_signal(uint32_t pin, uint32_t signal, bool inverted, bool enable_inverted) {
  uint32_t value = signal | inverted << 9 | enable_inverted << 11;
  if (pin < 32) *(volatile uint32_t *)0x60004024 = 1u << pin;
  else *(volatile uint32_t *)0x60004030 = 1u << (pin - 32);
  *(volatile uint32_t *)(0x60004554 + 4 * pin) = value;
}
bool rtc_gpio_is_valid_gpio(int pin) { return pin <= 21; }
esp_err_t rtc_gpio_deinit(int pin) { return 0; }
esp_err_t esp_clk_tree_src_get_freq_hz(int source, int precision, uint32_t *hertz) {
  *hertz = source == SOC_MOD_CLK_APB ? 80000000 : 40000000;
  return 0;
}
