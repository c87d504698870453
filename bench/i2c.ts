/**
 * XTENSA_GCC=xtensa-esp32s3-elf-gcc npx tsx bench/i2c.ts --idf FOLDER --newlib FOLDER --sdkconfig FILE: ESP-IDF's own I2C drivers, the old one
 * (`driver/i2c.h`, that of Arduino's Wire before core 3.1) and the new one (`driver/i2c_master.h`), on ESP-IDF's FreeRTOS with a task on
 * each core: they look for a display, set it up, draw, and read its status on the simulated board, as interrupts come. Fails where the
 * picture is not the one that was sent. The folders are clones of espressif/esp-idf (v5.3) and espressif/newlib-esp32; an sdkconfig of any
 * two-core project will do.
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
  console.error('usage: XTENSA_GCC=… npx tsx bench/i2c.ts --idf FOLDER --newlib FOLDER --sdkconfig FILE');
  process.exit(2);
}

const DRIVERS = {
  old: ['driver/i2c/i2c.c'],
  new: ['esp_driver_i2c/i2c_master.c', 'esp_driver_i2c/i2c_common.c'],
};
const BOTH = [
  ...['hal/i2c_hal.c', 'hal/i2c_hal_iram.c', 'hal/gpio_hal.c', 'esp_driver_gpio/src/gpio.c'],
  ...['soc/esp32s3/i2c_periph.c', 'soc/esp32s3/gpio_periph.c', 'freertos/esp_additions/idf_additions.c'],
];
/** Of slaves and of power saving, which no master calls. */
const UNUSED = [
  'periph_rtc_dig_clk8m_enable periph_rtc_dig_clk8m_disable periph_rtc_dig_clk8m_get_freq vRingbufferDelete xRingbufferCreate',
  'vRingbufferReturnItemFromISR xRingbufferReceiveUpToFromISR xRingbufferSendFromISR esp_pm_lock_acquire esp_pm_lock_delete',
  'esp_pm_lock_release esp_pm_lock_create',
].flatMap((line) => line.split(' '));
const here = (name: string) => fileURLToPath(new URL(`idf/${name}`, import.meta.url));
const libc = join(newlib, 'newlib/libc/machine/xtensa');
/** What display.c sends last: byte i is 0xff - i, for eight pixels below one another. */
const expected = [...new Array(128 * 64).keys()].map((at) => {
  const [x, y] = [at % 128, Math.floor(at / 128)];
  return ((0xff - (128 * (y >> 3) + x)) >> (y & 7)) & 1;
});

const folder = mkdtempSync(join(tmpdir(), 'i2c-'));
try {
  const build = createIdfBuild({ gcc, idf, newlib, config: sdkconfig, folder });
  const common = [
    ...build.freertos(),
    ...BOTH.map((path) => build.compile(build.component(path))),
    build.compile(here('drivers.c')),
    ...['memcpy', 'memset'].map((name) => build.compile(join(libc, `${name}.S`))),
  ];
  for (const [name, sources] of Object.entries(DRIVERS)) {
    const own = sources.map((path) => build.compile(build.component(path)));
    const option = name === 'old' ? ['-DOLD_DRIVER'] : [];
    const app = build.compile(here('display.c'), '-DSDA=8', '-DSCL=9', ...option);
    const unused = UNUSED.map((symbol) => `-Wl,--defsym=${symbol}=nothing`);
    console.log(`${name} driver`);
    const { exitCode, seconds, warnings, picture } = executeOnBoard(
      build.link([...common, ...own, app], ...unused),
      {
        board: withScreen(findBoard('s3-zero'), 'ssd1306:sda=8,scl=9'),
        core1: 'worker',
        maxCycles: 1e9,
        stdout: (bytes) => void process.stdout.write(bytes),
      },
    );
    const right = picture?.every((pixel, at) => pixel === expected[at]) ?? false;
    console.log(`exit ${exitCode}, ${(1000 * seconds).toFixed(1)} ms, picture ${right ? 'right' : 'WRONG'}`);
    for (const warning of warnings) console.log(warning);
    if (exitCode !== 0 || !right || warnings.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
