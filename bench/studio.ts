/**
 * `npx tsx bench/studio.ts [load] [block] [train]`: the studio in Chromium, as `npm run build:studio` builds it. `load`: seconds until the
 * first word and the end of the first story, with a cold cache, on a fast line and on a throttled one. `block`: what keeps the page's own
 * thread busy for more than 50 ms, part by part. `train`: tokens a second beside this machine's Node, taking turns. All three by default.
 * Only an idle machine says something about seconds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildStudio, formatVisit } from '../scripts/build-studio.ts';
import { launchBrowser } from '../src/testing/browser.ts';
import { measureBlocking } from './studio/block.ts';
import { measureLoading } from './studio/load.ts';
import { measureTraining } from './studio/train.ts';

const measurements = { load: measureLoading, block: measureBlocking, train: measureTraining } as const;
type Name = keyof typeof measurements;

const names = Object.keys(measurements) as Name[];
const asked = names.filter((name) => process.argv.slice(2).includes(name));

const folder = mkdtempSync(join(tmpdir(), 'bench-studio-'));
const built = await buildStudio(folder);
const browser = await launchBrowser();
try {
  console.log(`${formatVisit(built)}\n`);
  for (const name of asked.length > 0 ? asked : names) {
    console.log(name);
    for await (const line of measurements[name](browser, folder)) console.log(`  ${line}`);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
