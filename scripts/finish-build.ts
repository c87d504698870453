/** What tsc leaves undone (`npm run build` runs this last): files that the code reads, the command's executable bit. */
import { chmodSync, cpSync, rmSync } from 'node:fs';

const folders = ['idf/template'];

for (const folder of folders) {
  rmSync(`dist/${folder}`, { recursive: true, force: true });
  cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true });
}
chmodSync('dist/cli/main.js', 0o755);
