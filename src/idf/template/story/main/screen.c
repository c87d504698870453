#include "screen.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sdkconfig.h"

#if CONFIG_STORY_SCREEN

#include "driver/gpio.h"
#include "driver/i2c_master.h"
#include "esp_log.h"
#include "font.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#define TAG "screen"
#define WIDTH 128
#define LINES 8
#define SPEED_HZ 400000
#define TIMEOUT_MS 50
#define COMMAND 0x00
#define DATA 0x40

#if CONFIG_STORY_SCREEN_SH1106
#define FIRST_COLUMN 2 /* its memory is 132 columns wide */
#else
#define FIRST_COLUMN 0
#endif

static i2c_master_dev_handle_t device;

/* One byte is a column of eight pixels of a line, bit 0 on top. The byte before each line says that pixels follow. */
static uint8_t pixels[LINES][1 + WIDTH];
static bool changed[LINES];
static int line, column;
/* Where the present word begins, to be moved when it does not fit. */
static int word_start;

/* SSD1306 data sheet, section 10: start line, charge pump, contrast, scan directions, on. */
static const uint8_t setup[] = {
    COMMAND, 0xae, 0xd5, 0x80, 0xa8, 0x3f, 0xd3, 0x00, 0x40, 0x8d, 0x14, 0xda, 0x12, 0x81, 0xcf, 0xd9, 0xf1, 0xdb, 0x40,
#if CONFIG_STORY_SCREEN_UPSIDE_DOWN
    0xa0, 0xc0,
#else
    0xa1, 0xc8,
#endif
    0xa4, 0xa6, 0xaf,
};

static void set_pin(int pin, int level)
{
    if (pin < 0) {
        return;
    }
    gpio_set_direction((gpio_num_t)pin, GPIO_MODE_OUTPUT);
    gpio_set_level((gpio_num_t)pin, (uint32_t)level);
    vTaskDelay(pdMS_TO_TICKS(20));
}

static void send_line(int which)
{
    const uint8_t place[] = {
        COMMAND,
        (uint8_t)(0xb0 | which),
        (uint8_t)(0x00 | (FIRST_COLUMN & 15)),
        (uint8_t)(0x10 | (FIRST_COLUMN >> 4)),
    };
    i2c_master_transmit(device, place, sizeof place, TIMEOUT_MS);
    pixels[which][0] = DATA;
    i2c_master_transmit(device, pixels[which], sizeof pixels[which], TIMEOUT_MS);
    changed[which] = false;
}

static void send_changes(void)
{
    for (int i = 0; device != NULL && i < LINES; i++) {
        if (changed[i]) {
            send_line(i);
        }
    }
}

void screen_clear(void)
{
    memset(pixels, 0, sizeof pixels);
    memset(changed, true, sizeof changed);
    line = column = word_start = 0;
    send_changes();
}

void screen_begin(void)
{
    set_pin(CONFIG_STORY_SCREEN_POWER, CONFIG_STORY_SCREEN_POWER_LEVEL);
    set_pin(CONFIG_STORY_SCREEN_RESET, 0);
    set_pin(CONFIG_STORY_SCREEN_RESET, 1);
    const i2c_master_bus_config_t wires = {
        .i2c_port = I2C_NUM_0,
        .sda_io_num = (gpio_num_t)CONFIG_STORY_SCREEN_SDA,
        .scl_io_num = (gpio_num_t)CONFIG_STORY_SCREEN_SCL,
        .clk_source = I2C_CLK_SRC_DEFAULT,
        .glitch_ignore_cnt = 7,
        .flags.enable_internal_pullup = true,
    };
    const i2c_device_config_t screen = {
        .dev_addr_length = I2C_ADDR_BIT_LEN_7,
        .device_address = CONFIG_STORY_SCREEN_ADDRESS,
        .scl_speed_hz = SPEED_HZ,
    };
    i2c_master_bus_handle_t bus;
    if (i2c_new_master_bus(&wires, &bus) != ESP_OK) {
        ESP_LOGW(TAG, "the I2C controller cannot use these pins");
        return;
    }
    if (i2c_master_probe(bus, CONFIG_STORY_SCREEN_ADDRESS, TIMEOUT_MS) != ESP_OK ||
        i2c_master_bus_add_device(bus, &screen, &device) != ESP_OK) {
        device = NULL;
        i2c_del_master_bus(bus);
        ESP_LOGW(TAG, "no screen answers; going on without");
        return;
    }
    i2c_master_transmit(device, setup, sizeof setup, TIMEOUT_MS);
    screen_clear();
}

static void new_line(void)
{
    column = 0;
    word_start = 0;
    if (line < LINES - 1) {
        line++;
        return;
    }
    memmove(pixels[0], pixels[1], sizeof pixels - sizeof pixels[0]);
    memset(pixels[LINES - 1], 0, sizeof pixels[0]);
    memset(changed, true, sizeof changed);
}

/** Takes the word at the end of the line to a new one, unless it fills the line alone. */
static void wrap(void)
{
    const int start = word_start;
    const int width = column - start;
    if (start == 0) {
        new_line();
        return;
    }
    uint8_t word[WIDTH];
    memcpy(word, &pixels[line][1 + start], (size_t)width);
    memset(&pixels[line][1 + start], 0, (size_t)width);
    changed[line] = true;
    new_line();
    memcpy(&pixels[line][1], word, (size_t)width);
    column = width;
}

static void put(uint8_t character)
{
    if (character == '\n') {
        new_line();
        return;
    }
    const uint8_t *glyph = font[character - FONT_FIRST < FONT_COUNT ? character - FONT_FIRST : FONT_COUNT - 1];
    const int width = glyph[0];
    if (column + width > WIDTH) {
        if (character == ' ') {
            new_line();
            return;
        }
        wrap();
    }
    memcpy(&pixels[line][1 + column], glyph + 1, (size_t)width);
    changed[line] = true;
    column += width + 1;
    if (column > WIDTH) {
        column = WIDTH;
    }
    if (character == ' ') {
        word_start = column;
    }
}

void screen_write(const char *text, size_t bytes)
{
    for (size_t i = 0; device != NULL && i < bytes; i++) {
        const uint8_t byte = (uint8_t)text[i];
        const bool is_continuation = (byte & 0xc0) == 0x80; /* of a UTF-8 character whose first byte shows as a box */
        if ((byte == '\n' || byte >= FONT_FIRST) && !is_continuation) {
            put(byte);
        }
    }
    send_changes();
}

#else

void screen_begin(void) {}

void screen_clear(void) {}

void screen_write(const char *text, size_t bytes)
{
    (void)text;
    (void)bytes;
}

#endif
