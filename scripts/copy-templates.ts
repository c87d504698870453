/** Copies what the built package reads beside its code and tsc leaves behind (`npm run build` runs this last). */
import { cpSync, rmSync } from 'node:fs';

const folders = ['idf/template'];

for (const folder of folders) {
  rmSync(`dist/${folder}`, { recursive: true, force: true });
  cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true });
}
