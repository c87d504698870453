/** Example projects around the component, and the settings of a board. */
import { type Board, defaultBoard, psramMegahertz } from '../chip/boards/index.ts';
import { FailureError } from '../errors.ts';
import { glyphs } from '../firmware/index.ts';
import { alignUp } from './layout.ts';
import { fillTemplates, type Templates, type Values } from './template.ts';

/** What an example is for, by name. */
export type ExampleName = 'story' | 'mqtt';

/** What a project wants of ESP-IDF besides what the model and the board do. */
const WANTED: Readonly<Record<ExampleName, (board: Board) => string>> = {
  story: (board) => `# Screen\n${screenSettings(board)}`,
  mqtt: () =>
    [
      '# Wi-Fi and broker; the rest by idf.py menuconfig, menu "Worker"',
      'CONFIG_MQTT_PROTOCOL_5=y',
      'CONFIG_MBEDTLS_CERTIFICATE_BUNDLE=y',
      'CONFIG_ESP_MAIN_TASK_STACK_SIZE=8192',
    ].join('\n'),
};

/** Application partition: what an example, with Wi-Fi beside it, may grow to. */
const APP_BYTES = 0x180000;
/** Where it begins, behind boot loader, partition table and NVS. */
const APP_OFFSET = 0x10000;
const UNIT = 0x10000;
/** More than this of internal RAM the cache should not take beside an ESP-IDF application. */
const MODEST_CACHE = 96 * 1024;

const hexadecimal = (value: number): string => `0x${value.toString(16)}`;

export interface ExampleOptions {
  example: ExampleName;
  board?: Board;
  weights: 'partition' | 'embedded';
  weightsBytes: number;
  cacheBytes: number;
}

/** Files of the project; `values` are those of the component. */
export function exampleFiles(
  templates: Templates,
  values: Values,
  options: ExampleOptions,
): Map<string, string> {
  const board = options.board ?? defaultBoard;
  const weights = Math.ceil(alignUp(options.weightsBytes) / UNIT) * UNIT;
  const embedded = options.weights === 'embedded';
  const app = APP_BYTES + (embedded ? weights : 0);
  const needed = APP_OFFSET + app + (embedded ? 0 : weights);
  if (needed > board.flashBytes) {
    throw new FailureError(
      `${board.name} has ${board.flashBytes >> 20} MB of flash, and application and weights need ${(needed / 2 ** 20).toFixed(1)} MB; take a smaller model or another --board.`,
    );
  }
  const inPsram = board.psramBytes > 0 && options.cacheBytes > MODEST_CACHE;
  const all = {
    ...values,
    BOARD: board.name,
    FLASH_MODE: board.flashMode.toUpperCase(),
    FLASH_MEGABYTES: board.flashBytes >> 20,
    FLASH_MEGAHERTZ: psramMegahertz(board) === 120 ? 120 : board.flashMegahertz,
    PSRAM: psramSettings(board),
    CONSOLE: board.console === 'usb' ? 'USB_SERIAL_JTAG' : 'UART_DEFAULT',
    WANTED: WANTED[options.example](board),
    APP_BYTES: hexadecimal(app),
    LLM_PARTITION: embedded ? '' : `llm,      data, 0x40,    ,        ${hexadecimal(weights)}, encrypted`,
    CACHE_IN_PSRAM: inPsram ? '    options.cache_in_psram = true;\n' : '',
  };
  const files = new Map([
    ...fillTemplates(templates, 'project', all),
    ...fillTemplates(templates, options.example, all),
  ]);
  return options.example === 'story' ? files.set('main/font.h', fontHeader()) : files;
}

function psramSettings(board: Board): string {
  if (!board.psramMode) return '';
  // Quad at 120 MHz is no experiment (its Kconfig); both want flash at 120 MHz there.
  const isExperiment = board.psramMode === 'octal' && psramMegahertz(board) === 120;
  return `
# PSRAM
CONFIG_SPIRAM=y
CONFIG_SPIRAM_MODE_${board.psramMode === 'octal' ? 'OCT' : 'QUAD'}=y
CONFIG_SPIRAM_SPEED_${psramMegahertz(board)}M=y
${isExperiment ? 'CONFIG_IDF_EXPERIMENTAL_FEATURES=y\n' : ''}`;
}

function screenSettings({ screen }: Board): string {
  if (!screen) return '# CONFIG_STORY_SCREEN is not set';
  return [
    'CONFIG_STORY_SCREEN=y',
    `${screen.controller === 'sh1106' ? '' : '# '}CONFIG_STORY_SCREEN_SH1106${screen.controller === 'sh1106' ? '=y' : ' is not set'}`,
    `CONFIG_STORY_SCREEN_ADDRESS=${hexadecimal(screen.address)}`,
    `CONFIG_STORY_SCREEN_SDA=${screen.sda}`,
    `CONFIG_STORY_SCREEN_SCL=${screen.scl}`,
    `CONFIG_STORY_SCREEN_RESET=${screen.reset ?? -1}`,
    `CONFIG_STORY_SCREEN_POWER=${screen.power?.pin ?? -1}`,
    `CONFIG_STORY_SCREEN_POWER_LEVEL=${screen.power?.on ?? 0}`,
    ...(screen.rotation === 180 ? ['CONFIG_STORY_SCREEN_UPSIDE_DOWN=y'] : []),
  ].join('\n');
}

const FIRST = 0x20;
const LAST = 0x7f;

/** The firmware's own font, its ASCII part, with a box for everything else at the end. */
function fontHeader(): string {
  const codes = Array.from({ length: LAST - FIRST + 1 }, (_, index) => FIRST + index);
  const widest = Math.max(...codes.map((code) => glyphs.get(code)?.columns.length ?? 0));
  const rows = codes.map((code) => {
    const { width, columns } = glyphs.get(code) ?? glyphs.get(LAST)!;
    const bytes = [width, ...columns].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`);
    return `    {${bytes.join(', ')}}, /* ${code === 0x5c ? 'backslash' : String.fromCharCode(code)} */`;
  });
  rows[rows.length - 1] = rows[rows.length - 1].replace(/\/\*.*/, '/* anything else */');
  return [
    '/* Glyphs of esp32-llm: width, then a byte a column, bit 0 on top. Generated. */',
    '#pragma once',
    '',
    '#include <stdint.h>',
    '',
    `#define FONT_FIRST 0x${FIRST.toString(16)}`,
    `#define FONT_COUNT ${rows.length}`,
    '',
    `static const uint8_t font[FONT_COUNT][${widest + 1}] = {`,
    ...rows,
    '};',
    '',
  ].join('\n');
}
