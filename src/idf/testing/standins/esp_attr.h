/* Where ESP-IDF puts what must be there while the flash is written. */
#pragma once
#define IRAM_ATTR __attribute__((section(".iram1.standin")))
#define DRAM_ATTR __attribute__((section(".dram1.standin")))
