/**
 * XTENSA_GCC=xtensa-esp32s3-elf-gcc npx tsx bench/drivers.ts --idf FOLDER --newlib FOLDER --sdkconfig FILE: ESP-IDF's own drivers on ESP-IDF's
 * FreeRTOS with a task on each core, on the simulated board. The I2C drivers, the old one (`driver/i2c.h`, that of Arduino's Wire before
 * core 3.1) and the new one (`driver/i2c_master.h`), look for a display, set it up, draw, and read its status; the UART driver sends and
 * receives. Fails where what they see is wrong, or the picture is not the one that was sent. The folders are clones of espressif/esp-idf
 * (v5.3) and espressif/newlib-esp32; an sdkconfig of any two-core project will do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { executeOnBoard, findBoard, withScreen } from '../src/chip/index.ts';
import { findGcc } from './compiler/gcc.ts';
import { createIdfBuild } from './idf/build.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { idf: text, newlib: text, sdkconfig: text } });
const { idf, newlib, sdkconfig } = values;
const gcc = findGcc();
if (!idf || !newlib || !sdkconfig || !gcc) {
  console.error('usage: XTENSA_GCC=… npx tsx bench/drivers.ts --idf FOLDER --newlib FOLDER --sdkconfig FILE');
  process.exit(2);
}

interface Program {
  readonly name: string;
  readonly app: string;
  readonly options: readonly string[];
  /** Of ESP-IDF's components. */
  readonly sources: readonly string[];
  /** What no such program calls. */
  readonly unused: string;
  readonly draws: boolean;
}
const RING_BUFFER =
  'vRingbufferDelete xRingbufferCreate vRingbufferReturnItemFromISR xRingbufferReceiveUpToFromISR xRingbufferSendFromISR';
const POWER = 'esp_pm_lock_acquire esp_pm_lock_delete esp_pm_lock_release esp_pm_lock_create';
const display = { app: 'display.c', unused: `${RING_BUFFER} ${POWER}`, draws: true };
const I2C = ['hal/i2c_hal.c', 'hal/i2c_hal_iram.c', 'soc/esp32s3/i2c_periph.c'];
const PROGRAMS: readonly Program[] = [
  {
    ...display,
    name: 'I2C, old driver',
    options: ['-DOLD_DRIVER', '-DSDA=8', '-DSCL=9'],
    sources: [...I2C, 'driver/i2c/i2c.c'],
  },
  {
    ...display,
    name: 'I2C, new driver',
    options: ['-DSDA=8', '-DSCL=9'],
    sources: [...I2C, 'esp_driver_i2c/i2c_master.c', 'esp_driver_i2c/i2c_common.c'],
  },
  {
    name: 'UART',
    app: 'serial.c',
    options: [],
    sources: [
      ...['esp_driver_uart/src/uart.c', 'hal/uart_hal.c', 'hal/uart_hal_iram.c', 'soc/esp32s3/uart_periph.c'],
      ...['esp_ringbuf/ringbuf.c', 'esp_rom/patches/esp_rom_uart.c'],
    ],
    unused: 'esp_rom_delay_us',
    draws: false,
  },
];
const PINS = [
  ...['hal/gpio_hal.c', 'esp_driver_gpio/src/gpio.c', 'soc/esp32s3/gpio_periph.c'],
  'freertos/esp_additions/idf_additions.c',
];
const CLOCKS = 'periph_rtc_dig_clk8m_enable periph_rtc_dig_clk8m_disable periph_rtc_dig_clk8m_get_freq';
const here = (name: string) => fileURLToPath(new URL(`idf/${name}`, import.meta.url));
const libc = join(newlib, 'newlib/libc/machine/xtensa');
/** What display.c sends last: byte i is 0xff - i, for eight pixels below one another. */
const expected = [...new Array(128 * 64).keys()].map((at) => {
  const [x, y] = [at % 128, Math.floor(at / 128)];
  return ((0xff - (128 * (y >> 3) + x)) >> (y & 7)) & 1;
});

const folder = mkdtempSync(join(tmpdir(), 'drivers-'));
try {
  const build = createIdfBuild({ gcc, idf, newlib, config: sdkconfig, folder });
  const common = [
    ...build.freertos(),
    ...PINS.map((path) => build.compile(build.component(path))),
    build.compile(here('drivers.c')),
    ...['memcpy', 'memset', 'strlen'].map((name) => build.compile(join(libc, `${name}.S`))),
  ];
  for (const { name, app, options, sources, unused, draws } of PROGRAMS) {
    const own = [here(app), ...sources.map((path) => build.component(path))];
    const objects = own.map((path) => build.compile(path, ...options));
    const absent = `${CLOCKS} ${unused}`.split(' ').map((symbol) => `-Wl,--defsym=${symbol}=nothing`);
    console.log(name);
    const { exitCode, seconds, warnings, picture } = executeOnBoard(
      build.link([...common, ...objects], ...absent),
      {
        board: withScreen(findBoard('s3-zero'), 'ssd1306:sda=8,scl=9'),
        core1: 'worker',
        maxCycles: 1e9,
        stdout: (bytes) => void process.stdout.write(bytes),
      },
    );
    const right = !draws || (picture?.every((pixel, at) => pixel === expected[at]) ?? false);
    console.log(
      `exit ${exitCode}, ${(1000 * seconds).toFixed(1)} ms${draws ? `, picture ${right ? 'right' : 'WRONG'}` : ''}`,
    );
    for (const warning of warnings) console.log(warning);
    if (exitCode !== 0 || !right || warnings.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
