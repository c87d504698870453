/**
 * What tsc leaves undone (`npm run build` runs this after it): files that the code reads, the command's executable bit; and code without
 * comments, which stand in the declarations for whoever uses it, and without spaces; names stay. 180 KB less to fetch.
 */
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { minifySync } from 'vite';

const folders = ['idf/template'];

for (const folder of folders) {
  rmSync(`dist/${folder}`, { recursive: true, force: true });
  cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true });
}
chmodSync('dist/cli/main.js', 0o755);

const paths = (readdirSync('dist', { recursive: true }) as string[]).map((path) => `dist/${path}`);
for (const path of paths.filter((path) => path.endsWith('.js') && !/^dist.cli/.test(path))) {
  const code = readFileSync(path, 'utf8');
  const { code: bare } = minifySync(path, code, {
    compress: false,
    mangle: false,
    codegen: { removeWhitespace: true },
  });
  writeFileSync(path, bare);
}
