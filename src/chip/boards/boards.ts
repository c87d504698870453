/** Boards that can be simulated, built for and flashed (docs/esp32-s3.md D5, D6). One row a board. */

import { UsageError } from '../../errors.ts';

const MB = 1 << 20;

export type ScreenController = 'ssd1306' | 'sh1106';

export interface BoardScreen {
  readonly controller: ScreenController;
  /** 7-bit I2C address. */
  readonly address: number;
  readonly sda: number;
  readonly scl: number;
  /** Reset pin, low active; undefined when the screen resets itself. */
  readonly reset?: number;
  /** Pin that switches the screen's supply, and the level that switches it on. */
  readonly power?: { readonly pin: number; readonly on: 0 | 1 };
  /** 180 when the glass is mounted upside down. */
  readonly rotation: 0 | 180;
}

export interface Board {
  /** Name on the command line. */
  readonly id: string;
  readonly name: string;
  readonly flashBytes: number;
  /** How the image header should ask for the flash. */
  readonly flashMode: 'qio' | 'dio';
  readonly flashMegahertz: 80 | 40;
  readonly psramBytes: number;
  readonly psramMode: 'octal' | 'quad' | undefined;
  /** Bus clock of the PSRAM that is wanted; 80 where absent. Up to 40 octal needs no tuning, up to 80 quad. */
  readonly psramMegahertz?: 40 | 80 | 120;
  /** Where a person sees the console. */
  readonly console: 'uart' | 'usb';
  readonly screen?: BoardScreen;
  /** Free pins for UART1, which leads to other boards of a model: out to the next, in from the one before. */
  readonly link: { readonly tx: number; readonly rx: number };
  readonly led?: { readonly pin: number; readonly kind: 'plain' | 'ws2812'; readonly on: 0 | 1 };
  /** What eFuse says is inside the package. */
  readonly package: { readonly flashBytes: number; readonly psramBytes: number };
}

export const boards: readonly Board[] = [
  {
    id: 't-camera-s3',
    name: 'LILYGO T-Camera S3',
    flashBytes: 16 * MB,
    flashMode: 'qio',
    flashMegahertz: 80,
    psramBytes: 8 * MB,
    psramMode: 'octal',
    console: 'usb',
    link: { tx: 16, rx: 15 },
    screen: { controller: 'ssd1306', address: 0x3c, sda: 7, scl: 6, rotation: 180 },
    package: { flashBytes: 0, psramBytes: 8 * MB },
  },
  {
    id: 'devkitc-n16r8',
    name: 'ESP32-S3-DevKitC-1 N16R8',
    flashBytes: 16 * MB,
    flashMode: 'qio',
    flashMegahertz: 80,
    psramBytes: 8 * MB,
    psramMode: 'octal',
    console: 'uart',
    link: { tx: 17, rx: 18 },
    led: { pin: 48, kind: 'ws2812', on: 1 },
    package: { flashBytes: 0, psramBytes: 8 * MB },
  },
  {
    id: 'devkitc-n8',
    name: 'ESP32-S3-DevKitC-1 N8',
    flashBytes: 8 * MB,
    flashMode: 'qio',
    flashMegahertz: 80,
    psramBytes: 0,
    psramMode: undefined,
    console: 'uart',
    link: { tx: 17, rx: 18 },
    led: { pin: 48, kind: 'ws2812', on: 1 },
    package: { flashBytes: 0, psramBytes: 0 },
  },
  {
    id: 'heltec-v3',
    name: 'Heltec WiFi LoRa 32 V3',
    flashBytes: 8 * MB,
    flashMode: 'qio',
    flashMegahertz: 80,
    psramBytes: 0,
    psramMode: undefined,
    console: 'uart',
    link: { tx: 5, rx: 6 },
    screen: {
      controller: 'ssd1306',
      address: 0x3c,
      sda: 17,
      scl: 18,
      reset: 21,
      power: { pin: 36, on: 0 },
      rotation: 0,
    },
    led: { pin: 35, kind: 'plain', on: 1 },
    package: { flashBytes: 8 * MB, psramBytes: 0 },
  },
  {
    id: 's3-zero',
    name: 'Waveshare ESP32-S3-Zero',
    flashBytes: 4 * MB,
    flashMode: 'qio',
    flashMegahertz: 80,
    psramBytes: 2 * MB,
    psramMode: 'quad',
    console: 'usb',
    link: { tx: 5, rx: 6 },
    led: { pin: 21, kind: 'ws2812', on: 1 },
    package: { flashBytes: 4 * MB, psramBytes: 2 * MB },
  },
  {
    id: 'bare-s3',
    name: 'bare ESP32-S3 without PSRAM',
    flashBytes: 4 * MB,
    flashMode: 'dio',
    flashMegahertz: 80,
    psramBytes: 0,
    psramMode: undefined,
    console: 'uart',
    link: { tx: 17, rx: 18 },
    package: { flashBytes: 0, psramBytes: 0 },
  },
];

export const defaultBoard: Board = boards[1];

/** The bus clock at which a board's PSRAM is to run; octal in both edges, quad in one, where the firmware finds the moment to sample at. */
export const psramMegahertz = ({ psramMegahertz = 80 }: Board): 40 | 80 | 120 => psramMegahertz;

/** @throws UsageError that lists the known boards. */
export function findBoard(id: string): Board {
  const found = boards.find((board) => board.id === id.toLowerCase());
  if (found) return found;
  throw new UsageError(`unknown board "${id}"; known boards: ${boards.map((board) => board.id).join(', ')}`);
}
