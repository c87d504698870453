/**
 * The ESP32-S3's own mask ROM for tests, from a file that Espressif's tools bring: `ESP32S3_ROM` names it, or it lies in
 * `../shared/rom/`. Nothing of it is part of this repository, and without it what needs it is skipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readRomImage } from '../chip/soc/index.ts';

const places = ['esp32s3_rev0_rom.elf', 'esp32s3_rev0_rom.bin'].map((name) =>
  fileURLToPath(new URL(`../../../shared/rom/${name}`, import.meta.url)),
);

/** Path of the ROM, if there is one. */
export const maskRomFile: string | undefined =
  process.env.ESP32S3_ROM ?? places.find((path) => existsSync(path));
if (maskRomFile === undefined)
  process.stderr.write("not found: the chip's mask ROM (set ESP32S3_ROM); comparisons with it are skipped\n");

/** Contents of the ROM, as the chip takes them. */
export const maskRom: Uint8Array | undefined =
  maskRomFile === undefined ? undefined : readRomImage(readFileSync(maskRomFile));
