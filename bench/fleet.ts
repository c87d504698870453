/**
 * `npx tsx bench/fleet.ts [boards] [seconds]`: many boards behind one Mosquitto, all on this machine (boards are the device program on
 * the host with a small random model, 30 tokens a story). Requests come at random times. Shown are the time to the first token and to the
 * end at half and at nine tenths of what this machine bears; then what is lost or told wrongly while a tenth of the boards dies every
 * minute without a word and the broker is killed once and comes back empty; what the HTTP gateway adds to a request; and what hostile
 * requests and bytes leave behind. Default: 1,000 boards, 120 seconds. Needs Debian's mosquitto.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBrokerPool, createWorker, type Worker } from '../src/broker/index.ts';
import { hasMosquitto, startLine, startMosquitto } from '../src/broker/testing.ts';
import { smallModel } from '../src/firmware/testing.ts';
import { shippedPrograms as programs } from '../src/node/device-programs.ts';
import {
  type BoardSource,
  createPool,
  createServer,
  hostConnection,
  type Pool,
  type TellRequest,
} from '../src/serve/index.ts';

if (!hasMosquitto()) {
  console.error('bench/fleet: needs mosquitto (apt-get install mosquitto)');
  process.exit(1);
}
const [boards = 1000, seconds = 120] = process.argv.slice(2).map(Number);
/** Boards of one worker: they die together. */
const OF_ONE = Math.max(1, Math.round(boards / 40));
const HOSTILE = 20_000;
const STORY: TellRequest = {
  prompt: 'Once upon a time',
  sampling: { temperature: 0.8, topp: 0.9 },
  seed: 1n,
  tokens: 30,
};

const { quantized: model, tokenizer } = smallModel();
const board = (name: string): BoardSource => ({
  name,
  open: async () => hostConnection({ programs, model, tokenizer, modelName: 'small', context: 64 }, name),
});
const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const now = () => performance.now();
const say = (label: string, text: string) => console.log(`${label.padEnd(34)}${text}`);
const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;
const milliseconds = (values: readonly number[]): string =>
  `p50 ${percentile(values, 0.5).toFixed(0)} ms, p99 ${percentile(values, 0.99).toFixed(0)} ms`;

interface Told {
  first: number;
  whole: number;
  ids: string;
}

async function tell(pool: Pool, seed: bigint): Promise<Told> {
  const began = now();
  let first = 0;
  const ids: number[] = [];
  await pool.tell({ ...STORY, seed }, ({ n, id }, start) => {
    if (!first && start && n >= start.prompt - 1) first = now() - began;
    ids.push(id);
  });
  return { first, whole: now() - began, ids: ids.join() };
}

/** Requests at random times (a Poisson process), `rate` a second. */
async function open(pool: Pool, rate: number, duration: number): Promise<{ told: Told[]; failed: string[] }> {
  const told: Told[] = [];
  const failed: string[] = [];
  const all: Promise<void>[] = [];
  for (const end = now() + duration * 1000; now() < end; ) {
    all.push(
      tell(pool, BigInt(1 + (all.length % SEEDS))).then(
        (one) => void told.push(one),
        (error: Error) => void failed.push(error.message),
      ),
    );
    await sleep((-Math.log(1 - Math.random()) / rate) * 1000);
  }
  await Promise.all(all);
  return { told, failed };
}
const SEEDS = 8;

const broker = await startMosquitto();
interface Group {
  worker: Worker;
  cut(): Promise<void>;
}
async function join(size: number): Promise<Group> {
  const line = await startLine(broker.url);
  const sources = Array.from({ length: size }, (_, i) => board(`board ${i + 1}`));
  return { worker: await createWorker(line.url, sources, { retry: 60_000 }), cut: line.cut };
}

const direct = createPool([board('alone')]);
const expected = new Set<string>();
for (let seed = 1; seed <= SEEDS; seed++) expected.add((await tell(direct, BigInt(seed))).ids);

const began = now();
const groups: Group[] = [];
for (let left = boards; left > 0; left -= OF_ONE) groups.push(await join(Math.min(OF_ONE, left)));
const pool = await createBrokerPool(broker.url, { queueLimit: 10_000, silence: 5000, deadline: 300_000 });
const idle = () => pool.status.boards.filter(({ state }) => state === 'idle').length;
while (idle() < boards) await sleep(50);
say(`${boards} boards of ${groups.length} machines`, `ready in ${((now() - began) / 1000).toFixed(1)} s`);

// What this machine bears: as many at once as there are boards, at most 64.
const capacity = await (async () => {
  let count = 0;
  const end = now() + 1000 * Math.min(20, seconds / 4);
  const start = now();
  await Promise.all(
    Array.from({ length: Math.min(64, boards) }, async () => {
      while (now() < end) await tell(pool, BigInt(1 + (count++ % SEEDS)));
    }),
  );
  return count / ((now() - start) / 1000);
})();
say('borne', `${capacity.toFixed(1)} stories/s of ${STORY.tokens} tokens`);
for (const load of [0.5, 0.9]) {
  const { told } = await open(pool, capacity * load, seconds / 4);
  say(
    `at ${100 * load} % of that`,
    `first token ${milliseconds(told.map(({ first }) => first))}; story ${milliseconds(told.map(({ whole }) => whole))}`,
  );
}

// Deaths and a restart.
const disaster = (async () => {
  const end = now() + seconds * 1000;
  const every = (60_000 * OF_ONE) / (0.1 * boards);
  let died = 0;
  let restarted = false;
  while (now() < end - every) {
    await sleep(Math.min(every, seconds * 100));
    const group = groups.shift()!;
    await group.cut();
    died += OF_ONE;
    groups.push(await join(OF_ONE));
    if (!restarted && now() > end - seconds * 500) {
      restarted = true;
      await broker.kill();
      await sleep(1000);
      await broker.start();
    }
  }
  return died;
})();
const { told, failed } = await open(pool, capacity / 2, seconds);
const died = await disaster;
const wrong = told.filter(({ ids }) => !expected.has(ids)).length;
say(
  `${died} boards died, 1 restart`,
  `${told.length + failed.length} requests: ${told.length} answered, ${failed.length} lost, ${wrong} told wrongly or twice`,
);
say('', `first token ${milliseconds(told.map(({ first }) => first))}`);
for (const why of new Set(failed)) say('', why);

// The gateway's own share, one request after another; beside it what HTTP takes where nothing is behind it.
const app = createServer(direct);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
const bare = createHttpServer((request, response) => {
  request.resume().on('end', () => response.end('{}'));
});
await new Promise<void>((resolve) => void bare.listen(0, '127.0.0.1', resolve));
const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}`;
const post = (body: string, to = `${url}/v1/completions`) =>
  fetch(to, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
const body = JSON.stringify({
  model: 'small',
  prompt: STORY.prompt,
  seed: 1,
  temperature: 0.8,
  top_p: 0.9,
  max_tokens: 25,
});
const [pairs, bares]: number[][] = [[], []];
for (let i = 0; i < 300; i++) {
  const start = now();
  await (await post(body)).json();
  const told = now();
  await tell(direct, 1n);
  const between = now();
  await (await post(body, bareUrl)).json();
  if (i < 100) continue; // what Node compiles first
  pairs.push(told - start - (between - told));
  bares.push(now() - between);
}
bare.close();
bare.closeAllConnections();
say(
  'the gateway adds',
  `${percentile(pairs, 0.5).toFixed(1)} ms a request (median of pairs), ${percentile(bares, 0.5).toFixed(1)} of them HTTP and its client alone`,
);

// Hostile requests, and bytes at a board's console.
const random = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)));
const hostile = async (count: number): Promise<void> => {
  const console = await board('hostile').open();
  for (let i = 0; i < count; i += 20) {
    await console.write(random(40));
    await Promise.all(
      Array.from({ length: 20 }, () => post(random(60).toString('latin1')).then((one) => one.text())),
    );
  }
  await console.close();
};
const memory = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};
await hostile(HOSTILE / 10);
const before = memory();
await hostile(HOSTILE);
say(
  `${HOSTILE} hostile requests`,
  `board still tells: ${expected.has((await tell(direct, 1n)).ids)}; heap ${before.toFixed(0)} to ${memory().toFixed(0)} MB`,
);

await app.close();
await Promise.all([direct.close(), pool.close()]);
await broker.remove();
process.exit(0);
