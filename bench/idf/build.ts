/**
 * ESP-IDF's FreeRTOS for both cores, from ESP-IDF's own sources, in bare programs for the simulated board: kernel, port, vectors, context
 * switch, tick, and the interrupt between the cores. What it takes of the rest of ESP-IDF stands in `rtos.c`. `app` is the program's task.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface IdfOptions {
  readonly gcc: string;
  /** Clones of espressif/esp-idf (v5.3) and espressif/newlib-esp32. */
  readonly idf: string;
  readonly newlib: string;
  /** A project's `sdkconfig`. */
  readonly config: string;
  /** Where objects go. */
  readonly folder: string;
}

export interface IdfBuild {
  /** Compiles or assembles with ESP-IDF's headers; returns the object. */
  compile(source: string, ...options: readonly string[]): string;
  /** A file of ESP-IDF by its path under `components/`. */
  component(path: string): string;
  /** FreeRTOS and what stands for the rest. */
  freertos(): string[];
  link(objects: readonly string[], ...options: readonly string[]): Uint8Array;
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const KERNEL = 'freertos/FreeRTOS-Kernel';

const FREERTOS = [
  ...['tasks', 'queue', 'list', 'event_groups', 'stream_buffer'].map((name) => `${KERNEL}/${name}.c`),
  `${KERNEL}/portable/xtensa/port.c`,
  `${KERNEL}/portable/xtensa/portasm.S`,
  'freertos/port_systick.c',
  'freertos/port_common.c',
  'freertos/heap_idf.c',
  ...['context.S', 'vectors.S', 'intr.c', 'intr_asm.S'].map((name) => `xtensa/xtensa_${name}`),
  'esp_system/crosscore_int.c',
  'esp_system/freertos_hooks.c',
  'esp_hw_support/cpu.c',
  'esp_hw_support/port/esp32s3/systimer.c',
  'hal/systimer_hal.c',
];

const HEADERS = [
  'freertos/config/include freertos/config/include/freertos freertos/config/xtensa/include freertos freertos/esp_additions',
  `freertos/esp_additions/include ${KERNEL}/include ${KERNEL}/include/freertos`,
  `${KERNEL}/portable/xtensa/include ${KERNEL}/portable/xtensa/include/freertos`,
  'xtensa/include xtensa/esp32s3/include xtensa/deprecated_include soc/include soc/esp32s3/include soc/esp32s3/register soc/esp32s3',
  'hal/include hal/esp32s3/include hal/platform_port/include esp_common/include esp_rom/include esp_rom/include/esp32s3 esp_rom/esp32s3',
  'esp_hw_support/include esp_hw_support/include/soc esp_hw_support/port/include esp_hw_support/port/esp32s3',
  'esp_system/include esp_system/port/soc heap/include log/include newlib/platform_include',
  'driver/i2c/include esp_driver_i2c esp_driver_i2c/include esp_driver_gpio/include esp_driver_uart/include esp_ringbuf/include',
  'esp_pm/include',
].flatMap((line) => line.split(' '));

/** `CONFIG_X=y` to `#define CONFIG_X 1`, as ESP-IDF's build does it. */
function configHeader(config: string): string {
  const lines = [...config.matchAll(/^(CONFIG_\w+)=(.*)$/gm)];
  return lines.map(([, name, value]) => `#define ${name} ${value === 'y' ? 1 : value}\n`).join('');
}

export function createIdfBuild({ gcc, idf, newlib, config, folder }: IdfOptions): IdfBuild {
  const component = (path: string) => join(idf, 'components', path);
  const header = join(folder, 'sdkconfig.h');
  writeFileSync(header, configHeader(readFileSync(config, 'utf8')));
  const libc = join(newlib, 'newlib/libc');
  const headers = [folder, here('include'), here('../llama2c/include'), ...HEADERS.map(component)];
  const common = [
    '-DESP_PLATFORM',
    '-O2',
    '-mlongcalls',
    '-ffreestanding',
    '-ffunction-sections',
    '-fdata-sections',
    '-w',
  ];
  // GCC's own headers go before the C library's.
  const last = [join(libc, 'include'), join(libc, 'machine/xtensa/include')].flatMap((path) => [
    '-idirafter',
    path,
  ]);
  const compile = (source: string, ...options: readonly string[]): string => {
    const object = join(folder, `${basename(source).replace(/\.\w+$/, '')}.o`);
    const settings = ['-include', header, ...options, ...headers.map((path) => `-I${path}`), ...last];
    execFileSync(gcc, [...common, ...settings, '-c', '-o', object, source]);
    return object;
  };
  return {
    compile,
    component,
    freertos: () => [...FREERTOS.map((path) => compile(component(path))), compile(here('rtos.c'))],
    link(objects, ...options) {
      const program = join(folder, 'program.elf');
      const linking = ['-nostdlib', '-Wl,--gc-sections', '-Wl,-u,worker', '-T', here('board.ld'), ...options];
      execFileSync(gcc, [
        ...linking,
        '-o',
        program,
        ...objects,
        component('xtensa/esp32s3/libxt_hal.a'),
        '-lgcc',
      ]);
      return readFileSync(program);
    },
  };
}
