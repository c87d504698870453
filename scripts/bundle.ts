/**
 * `npm run bundle`: the package's entries for browsers, minified, in out/browser/: one file an entry, what several need in files of its
 * own. Prints the sizes. Nobody with a bundler needs it; pages without one can serve it as it is.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface BundleFile {
  name: string;
  bytes: number;
  /** Bytes as a server sends them. */
  gzip: number;
  /** Other files of the bundle that come with it, those of dynamic imports aside. */
  imports: string[];
  /** Sub-path of the package, as `.` or `./chip`, for an entry. */
  entry?: string;
}

/** Compiled files of the entries that run in browsers, by sub-path. */
function browserEntries(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string' || path === './node' ? [] : [[path, join(root, target.default)] as const],
    ),
  );
}

const nameOf = (path: string): string => (path === '.' ? 'index' : path.slice(2));

/** Bundles dist/ into `folder`. */
export async function bundle(folder = join(root, 'out/browser')): Promise<BundleFile[]> {
  const entries = browserEntries();
  const { output } = (await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries([...entries].map(([path, file]) => [nameOf(path), file])),
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js' },
      },
    },
  })) as Rolldown.RolldownOutput;
  const paths = new Map([...entries.keys()].map((path) => [`${nameOf(path)}.js`, path]));
  return output.flatMap((file) =>
    file.type === 'chunk'
      ? [
          {
            name: file.fileName,
            bytes: Buffer.byteLength(file.code),
            gzip: gzipSync(file.code, { level: 9 }).length,
            imports: file.imports,
            entry: paths.get(file.fileName),
          },
        ]
      : [],
  );
}

/** Bytes that a page downloads for an entry, compressed. */
export function entryGzip(files: readonly BundleFile[], entry: string): number {
  const wanted = new Set([files.find((file) => file.entry === entry)!.name]);
  for (const name of wanted)
    for (const needed of files.find((file) => file.name === name)?.imports ?? []) wanted.add(needed);
  return files.reduce((sum, { name, gzip }) => sum + (wanted.has(name) ? gzip : 0), 0);
}

/** Sizes as a table, largest first, then what each entry comes to. */
export function formatSizes(files: readonly BundleFile[]): string {
  const row = (name: string, bytes: number, gzip: number): string =>
    `${name.padEnd(36)}${String(bytes).padStart(9)}${String(gzip).padStart(9)}`;
  return [
    'file                                    bytes     gzip',
    ...files.toSorted((a, b) => b.gzip - a.gzip).map(({ name, bytes, gzip }) => row(name, bytes, gzip)),
    '',
    'entry with all that it imports                    gzip',
    ...files.flatMap(({ entry }) =>
      entry === undefined
        ? []
        : [`${entry.padEnd(36)}${' '.repeat(9)}${String(entryGzip(files, entry)).padStart(9)}`],
    ),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(formatSizes(await bundle()));
