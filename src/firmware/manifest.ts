/** What ESP Web Tools needs to put a Flash button on a web page (its manifest format: esphome.github.io/esp-web-tools). */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Firmware } from './build.ts';
import { VERSION } from './version.ts';

/** Writes manifest.json, the image and SHA256SUMS into a folder that any web server can serve. */
export function writeManifest(folder: string, modelName: string, { flash, board }: Firmware): void {
  mkdirSync(folder, { recursive: true });
  const image = `${modelName}-${board.id}.bin`;
  const manifest = {
    name: `${modelName} on ${board.name}`,
    version: VERSION,
    new_install_prompt_erase: false,
    builds: [{ chipFamily: 'ESP32-S3', parts: [{ path: image, offset: 0 }] }],
  };
  const files: readonly (readonly [name: string, contents: Uint8Array])[] = [
    [image, flash],
    ['manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)],
  ];
  const sums = files.map(
    ([name, contents]) => `${createHash('sha256').update(contents).digest('hex')}  ${name}\n`,
  );
  for (const [name, contents] of files) writeFileSync(join(folder, name), contents);
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
}
