/**
 * The command as few files instead of hundreds (`npm run build` runs this after tsc): dist/cli/main.js loads what all verbs share, and each
 * verb what it needs. Files stay one level below dist/, so that what they look for beside them is found as from src/.
 */
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'dist/bundled',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: { main: 'dist/cli/main.js' },
      external: [/^node:/, ...builtinModules, /^[^./]/],
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name]-[hash].js',
        // The package stays small, and names stay readable in a stack trace.
        minify: { mangle: false, compress: false, codegen: true },
      },
    },
  },
});
const unbundled = readdirSync('dist/cli').filter((name) => name !== 'main.d.ts');
for (const name of unbundled) rmSync(`dist/cli/${name}`, { recursive: true });
for (const name of readdirSync('dist/bundled')) renameSync(`dist/bundled/${name}`, `dist/cli/${name}`);
rmSync('dist/bundled', { recursive: true });
