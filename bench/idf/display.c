/*
 * A display on I2C as firmware of ESP-IDF and of Arduino drives it: probed, set up, drawn and asked for its status through the old driver
 * (OLD_DRIVER) or the new one; a task on core 1 makes the pictures, what is said goes out by UART0.
 */
#include <string.h>
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "freertos/semphr.h"
#include "driver/i2c.h"
#include "driver/i2c_master.h"
#include "driver/gpio.h"
#include "hal/gpio_ll.h"
void start_scheduler(void *arguments);
void exit(int code) __attribute__((noreturn));
static void say(const char *text) {
  for (; *text; text++) {
    while ((*(volatile unsigned *)0x6000001C >> 16 & 0x3ff) >= 120);
    *(volatile unsigned *)0x60000000 = *text;
  }
}
static void number(int value) {
  char text[12];
  int at = 11;
  text[11] = 0;
  unsigned rest = value < 0 ? -value : value;
  do text[--at] = '0' + rest % 10;
  while (rest /= 10);
  if (value < 0) text[--at] = '-';
  say(text + at);
}
static const unsigned char setup[] = {0x00, 0xae, 0xd5, 0x80, 0xa8, 0x3f, 0xd3, 0x00, 0x40, 0x8d, 0x14, 0x20, 0x00,
                                      0xa1, 0xc8, 0xda, 0x12, 0x81, 0xcf, 0xd9, 0xf1, 0xdb, 0x40, 0xa4, 0xa6, 0xaf};
static unsigned char picture[1 + 1024];
static SemaphoreHandle_t drawn, told;

/* Core 1 draws what core 0 sends, so both cores and a semaphore between them have a part. */
static void artist(void *given) {
  for (int round = 0; round < 2; round++) {
    picture[0] = 0x40;
    for (int i = 0; i < 1024; i++) picture[1 + i] = round == 0 ? i : 0xff - i;
    xSemaphoreGive(drawn);
    xSemaphoreTake(told, portMAX_DELAY);
  }
  vTaskSuspend(NULL);
}
static void window(unsigned char *to) {
  static const unsigned char all[] = {0x00, 0x21, 0, 127, 0x22, 0, 7};
  memcpy(to, all, sizeof all);
}
static void check(const char *what, int code) {
  say(what);
  say(" ");
  number(code);
  say("\n");
}
void app(void *arguments) {
  drawn = xSemaphoreCreateBinary();
  told = xSemaphoreCreateBinary();
  xTaskCreatePinnedToCore(artist, "artist", 4096, 0, 5, 0, 1);
  unsigned char area[7];
  window(area);
#ifdef OLD_DRIVER
  i2c_config_t config = {.mode = I2C_MODE_MASTER, .sda_io_num = SDA, .scl_io_num = SCL, .sda_pullup_en = 1, .scl_pullup_en = 1, .master.clk_speed = 400000};
  check("config", i2c_param_config(I2C_NUM_0, &config));
  check("install", i2c_driver_install(I2C_NUM_0, I2C_MODE_MASTER, 0, 0, 0));
  i2c_set_timeout(I2C_NUM_0, 19);
  for (int address = 0x30; address < 0x48; address++) {
    unsigned char none = 0;
    i2c_cmd_handle_t list = i2c_cmd_link_create();
    i2c_master_start(list);
    i2c_master_write_byte(list, address << 1, 1);
    i2c_master_stop(list);
    int code = i2c_master_cmd_begin(I2C_NUM_0, list, 10);
    i2c_cmd_link_delete(list);
    if (code == 0) check("found", address);
    else if (code != ESP_FAIL) check("probe", code);
  }
#define SEND(bytes, count) i2c_master_write_to_device(I2C_NUM_0, 0x3c, bytes, count, 100)
#define ASK(out, outs, in, ins) i2c_master_write_read_device(I2C_NUM_0, 0x3c, out, outs, in, ins, 100)
#else
  i2c_master_bus_config_t config = {.i2c_port = 0, .sda_io_num = SDA, .scl_io_num = SCL, .clk_source = I2C_CLK_SRC_DEFAULT, .glitch_ignore_cnt = 7, .flags.enable_internal_pullup = 1};
  i2c_master_bus_handle_t bus;
  check("bus", i2c_new_master_bus(&config, &bus));
  i2c_device_config_t device_config = {.dev_addr_length = I2C_ADDR_BIT_LEN_7, .device_address = 0x3c, .scl_speed_hz = 400000};
  i2c_master_dev_handle_t device;
  check("device", i2c_master_bus_add_device(bus, &device_config, &device));
  for (int address = 0x30; address < 0x48; address++) {
    int code = i2c_master_probe(bus, address, 100);
    if (code == 0) check("found", address);
    else if (code != ESP_ERR_NOT_FOUND) check("probe", code);
  }
#define SEND(bytes, count) i2c_master_transmit(device, bytes, count, 100)
#define ASK(out, outs, in, ins) i2c_master_transmit_receive(device, out, outs, in, ins, 100)
#endif
  check("setup", SEND(setup, sizeof setup));
  for (int round = 0; round < 2; round++) {
    xSemaphoreTake(drawn, portMAX_DELAY);
    check("area", SEND(area, sizeof area));
    check("picture", SEND(picture, sizeof picture));
    xSemaphoreGive(told);
  }
  unsigned char status[3] = {1, 2, 3}, control = 0;
  check("read", ASK(&control, 1, status, 3));
  check("status", status[0]);
  exit(status[0] == 6 && status[2] == 6 ? 0 : 1);
}
int main(void) { start_scheduler(0); return 0; }
