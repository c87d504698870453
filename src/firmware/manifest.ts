/** What ESP Web Tools needs to put a Flash button on a web page (its manifest format: esphome.github.io/esp-web-tools). */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Firmware } from './build.ts';
import { VERSION } from './version.ts';

/** By name: the image, manifest.json and SHA256SUMS, for a folder that any web server can serve. */
export function manifestFiles(modelName: string, { flash, board }: Firmware): Map<string, Uint8Array> {
  const image = `${modelName}-${board.id}.bin`;
  const manifest = {
    name: `${modelName} on ${board.name}`,
    version: VERSION,
    new_install_prompt_erase: false,
    builds: [{ chipFamily: 'ESP32-S3', parts: [{ path: image, offset: 0 }] }],
  };
  const files = new Map([
    [image, flash],
    ['manifest.json', utf8ToBytes(`${JSON.stringify(manifest, null, 2)}\n`)],
  ]);
  const sums = [...files].map(([name, contents]) => `${bytesToHex(sha256(contents))}  ${name}\n`);
  return files.set('SHA256SUMS', utf8ToBytes(sums.join('')));
}
