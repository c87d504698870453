/**
 * `npm run build:studio`: the studio as a folder for any static host, in dist/studio/; `npx esp32-llm studio` serves it. Needs what
 * `npm run build` leaves in dist/. Prints what a first visit loads, and refuses to write more than it may.
 */
import { createHash } from 'node:crypto';
import { cpSync, type Dirent, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { cached } from '../src/cache.ts';
import { FIRST_STORY } from '../studio/state/first-story.ts';
import { createResults, imageKey } from '../studio/worker/results.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Most that the first visit may load, compressed, without model and device program. */
const FIRST_LOAD = 250_000;
/** Of the hash that names a build. */
const VERSION_DIGITS = 16;

/** What lies beside the page: from, to. */
const COPIES: readonly (readonly [from: string, to: string])[] = [
  ['models/stories.safetensors', 'models/stories.safetensors'],
  ['dist/device', 'device'],
  ['dist/train/kernels.plain.wasm', 'train/kernels.plain.wasm'],
  ['dist/train/kernels.fused.wasm', 'train/kernels.fused.wasm'],
];

async function bundleStudio(out: string): Promise<void> {
  await build({
    configFile: false,
    root: join(root, 'studio'),
    base: './',
    logLevel: 'error',
    publicDir: 'public',
    worker: { format: 'es' },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'es2023',
      reportCompressedSize: false,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: { index: join(root, 'studio/index.html'), sw: join(root, 'studio/sw.ts') },
        output: {
          // A service worker's name stays, or a browser would keep the old one.
          entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        },
      },
    },
  });
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** The page of saved files (studio/file/): one file that holds its script and its sheet, and has room for what is saved. */
async function bundleSavedPage(): Promise<string> {
  const from = join(root, 'studio/file');
  const { output } = (await build({
    configFile: false,
    root: from,
    logLevel: 'error',
    plugins: [
      {
        name: 'answers from the file',
        enforce: 'pre',
        resolveId: (name) => (/\/workers\.ts$/.test(name) ? join(from, 'answers.ts') : undefined),
      },
    ],
    build: {
      write: false,
      target: 'es2023',
      cssCodeSplit: false,
      modulePreload: false,
      rolldownOptions: { input: join(from, 'main.tsx'), output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput;
  const [script, style] = ['.js', '.css'].map((ending) => {
    const found = output.find(({ fileName }) => fileName.endsWith(ending))!;
    return (found.type === 'chunk' ? found.code : String(found.source)).trim();
  });
  if (/<\/(script|style)/i.test(script + style))
    throw new Error('build-studio: the saved page would end early');
  const parts = {
    __SCRIPT_HASH__: hashOf(script),
    __STYLE_HASH__: hashOf(style),
    __SCRIPT__: script,
    __STYLE__: `<style>${style}</style>`,
  };
  const template = readFileSync(join(from, 'index.html'), 'utf8');
  return template.replace(/__(SCRIPT|STYLE)(_HASH)?__/g, (name) => parts[name as keyof typeof parts]);
}

/** What the first story's image and simulation come to, made ahead; and its digest. */
async function firstResults(): Promise<Pick<BuiltStudio, 'digest' | 'image'> & { packed: Uint8Array }> {
  const at = (path: string): Promise<unknown> => import(new URL(`../dist/${path}`, import.meta.url).href);
  const { buildFirmware, findBoard, quantize, simulate } = (await at(
    'index.js',
  )) as typeof import('../src/index.ts');
  const { shippedModel, shippedPrograms } = (await at(
    'node/index.js',
  )) as typeof import('../src/node/index.ts');
  const cache = createResults();
  const { model, tokenizer, name } = shippedModel();
  const { board: id, model: _, ...story } = FIRST_STORY;
  const build = () =>
    buildFirmware({
      model: quantize(model),
      modelName: name,
      tokenizer,
      board: findBoard(id),
      programs: shippedPrograms,
    });
  // Of what building leaves behind only the image itself is wanted.
  const firmware = cached(cache, imageKey(name, { board: id }), build);
  const { digest } = simulate(firmware, { ...story, cache });
  const image = createHash('sha256').update(firmware.flash).digest('hex');
  return { packed: gzipSync(cache.pack(), { level: 9 }), digest, image };
}

/** Lists all files for the service worker, and names the build in it by what they hold. */
function finishOffline(out: string): void {
  const files = (readdirSync(out, { recursive: true, withFileTypes: true }) as Dirent[])
    .filter((entry) => entry.isFile() && !/^(sw\.js|files\.json|\..*)$/.test(entry.name))
    .map((entry) => relative(out, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const hash = createHash('sha256');
  for (const path of files) hash.update(path).update(readFileSync(join(out, path)));
  writeFileSync(join(out, 'files.json'), JSON.stringify(['./', ...files]));
  const worker = readFileSync(join(out, 'sw.js'), 'utf8');
  const version = hash.digest('hex').slice(0, VERSION_DIGITS);
  if (!worker.includes('__VERSION__')) throw new Error('build-studio: the service worker has no version');
  writeFileSync(join(out, 'sw.js'), worker.replaceAll('__VERSION__', version));
}

/** Files that the page loads before its first story, with their bytes compressed: what index.html names, and the Worker that tells it. */
function firstVisit(out: string): (readonly [path: string, bytes: number])[] {
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  const named = Array.from(page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g), ([, path]) => path);
  const worker = readdirSync(join(out, 'assets')).filter((name) => /^lab-.*\.js$/.test(name));
  return ['index.html', ...named, ...worker.map((name) => `assets/${name}`)].map((path) => [
    path,
    gzipSync(readFileSync(join(out, path)), { level: 9 }).length,
  ]);
}

export interface BuiltStudio {
  folder: string;
  /** Of the first story, as Node tells it. */
  digest: string;
  /** SHA-256 of the image that tells it. */
  image: string;
  /** Files of a first visit and their compressed bytes, model and results aside. */
  firstVisit: readonly (readonly [path: string, bytes: number])[];
}

/** @throws Error where dist/ is not built, or a first visit would load too much */
export async function buildStudio(folder = join(root, 'dist/studio')): Promise<BuiltStudio> {
  if (!existsSync(join(root, 'dist/device/main.chip.wasm')))
    throw new Error('build-studio: dist/ is not built; run npm run build first');
  await bundleStudio(folder);
  for (const [from, to] of COPIES) cpSync(join(root, from), join(folder, to), { recursive: true });
  writeFileSync(join(folder, 'inside.html'), await bundleSavedPage());
  const { packed, ...first } = await firstResults();
  writeFileSync(join(folder, 'results.gz'), packed);
  writeFileSync(join(folder, '.nojekyll'), '');
  finishOffline(folder);
  const files = firstVisit(folder);
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (total > FIRST_LOAD)
    throw new Error(`build-studio: a first visit loads ${total} bytes, more than ${FIRST_LOAD}`);
  return { folder, ...first, firstVisit: [...files, ['first visit, gzip', total]] };
}

export const formatVisit = ({ firstVisit }: BuiltStudio): string =>
  firstVisit.map(([path, bytes]) => `${path.padEnd(44)}${String(bytes).padStart(9)}`).join('\n');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildStudio();
  console.log(`${formatVisit(built)}\n\nin ${built.folder}: npx esp32-llm studio shows it`);
}
