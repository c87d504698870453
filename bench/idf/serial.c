/*
 * A serial line as firmware of ESP-IDF and Arduino's Serial use it: much text by interrupts and ring buffers while core 1 has a task of
 * its own, then a few characters that come back by loopback, told of by the silence behind them.
 */
#include <string.h>
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "freertos/queue.h"
#include "driver/uart.h"
void start_scheduler(void *arguments);
void exit(int code) __attribute__((noreturn));
static void say(const char *text) { uart_write_bytes(0, text, strlen(text)); }
static volatile int counted;
static void other(void *given) {
  for (;;) { counted++; vTaskDelay(1); }
}
void app(void *arguments) {
  uart_config_t config = {.baud_rate = 115200, .data_bits = UART_DATA_8_BITS, .parity = UART_PARITY_DISABLE,
                          .stop_bits = UART_STOP_BITS_1, .flow_ctrl = UART_HW_FLOWCTRL_DISABLE, .source_clk = UART_SCLK_DEFAULT};
  QueueHandle_t events = 0;
  xTaskCreatePinnedToCore(other, "other", 4096, 0, 5, 0, 1);
  int failed = uart_driver_install(0, 512, 512, 10, &events, 0);
  failed |= uart_param_config(0, &config);
  failed |= uart_set_pin(0, 43, 44, -1, -1);
  failed |= uart_set_rx_timeout(0, 2);
  for (int i = 0; i < 20; i++) say("The quick brown fox jumps over the lazy dog, again and again.\n");
  uart_wait_tx_done(0, 1000);
  uart_set_loop_back(0, 1);
  uart_flush_input(0);
  say("abcde");
  char text[6] = {0};
  int got = uart_read_bytes(0, text, 5, 100);
  uart_set_loop_back(0, 0);
  say("\ngot ");
  say(text);
  say("\n");
  uart_wait_tx_done(0, 1000);
  exit(failed == 0 && got == 5 && text[4] == 'e' && counted > 5 ? 0 : 1);
}
int main(void) {
  start_scheduler(0);
  return 0;
}
