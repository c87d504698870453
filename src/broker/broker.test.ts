import { connectAsync } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { smallModel } from '../firmware/testing.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import { createSignal } from '../serial/index.ts';
import { type BoardSource, createPool, hostConnection, type Pool, type TellRequest } from '../serve/index.ts';
import { createBrokerPool, createWorker, type GatewayOptions, type WorkerOptions } from './index.ts';
import { hasMosquitto, startLine, startMosquitto, type TestBroker } from './testing.ts';

const { quantized, tokenizer } = smallModel();
const NAME = 'small +/#';

/** The canary takes about 2,000 bytes: this is in the middle of the story behind it. */
const MIDDLE = 3500;

/** A board that is the device program; `inTheMiddle` happens once, while it tells its first story. */
function board(name: string, inTheMiddle?: (pull: () => void) => unknown): BoardSource {
  let left = inTheMiddle ? MIDDLE : Number.POSITIVE_INFINITY;
  return {
    name,
    async open() {
      const inner = hostConnection(
        { programs: shippedPrograms, model: quantized, tokenizer, modelName: NAME, context: 512 },
        name,
      );
      const closed = createSignal();
      inner.onData((bytes) => {
        left -= bytes.length;
        if (left >= 0) return;
        left = Number.POSITIVE_INFINITY;
        inTheMiddle?.(() => {
          void inner.close();
          closed.emit();
        });
      });
      return { ...inner, onClose: closed.add };
    },
  };
}

const STORY: TellRequest = {
  prompt: 'Once upon a time',
  sampling: { temperature: 0.8, topp: 0.9 },
  seed: 7n,
  tokens: 100,
};

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const found = hasMosquitto();
if (!found) it.skip('boards behind Mosquitto: it is not installed here', () => {});

found &&
  describe('boards behind Mosquitto', () => {
    let broker: TestBroker;
    const closers: (() => Promise<unknown>)[] = [];
    let expected: number[];

    beforeAll(async () => {
      broker = await startMosquitto();
      const pool = createPool([board('alone')]);
      expected = (await tell(pool)).ids;
      await pool.close();
      expect(expected.length).toBeGreaterThan(50);
    });
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });
    afterAll(() => broker?.remove());

    async function tell(pool: Pool, change: Partial<TellRequest> = {}, signal?: AbortSignal) {
      const ids: number[] = [];
      const story = await pool.tell(
        { ...STORY, ...change },
        ({ n, id }) => {
          expect(n).toBe(ids.length);
          ids.push(id);
        },
        signal,
      );
      return { ids, story };
    }

    async function offer(sources: BoardSource[], options: WorkerOptions = {}) {
      const worker = await createWorker(broker.url, sources, { retry: 20, heartbeat: 100, ...options });
      closers.push(() => worker.close());
      return worker;
    }

    /** A gateway that sees so many boards ready. */
    async function gateway(ready: number, options: GatewayOptions = {}) {
      const pool = await createBrokerPool(broker.url, { patience: 1000, ...options });
      closers.push(() => pool.close());
      await until(() => pool.status.boards.filter(({ state }) => state === 'idle').length >= ready);
      return pool;
    }

    it('tell the story of a board of this machine, to any number of gateways at once', async () => {
      await offer([board('a'), board('b')], { id: 'one' });
      await offer([board('c')], { id: 'two' });
      const pools = [await gateway(3), await gateway(3)];
      expect(pools[0].models()).toEqual([NAME]);
      expect(pools[0].status.boards.map(({ name }) => name).sort()).toEqual(['one a', 'one b', 'two c']);
      const stories = await Promise.all(Array.from({ length: 12 }, (_, i) => tell(pools[i % 2])));
      for (const { ids } of stories) expect(ids).toEqual(expected);
      await until(() => pools[0].status.boards.reduce((sum, { stories: told }) => sum + told, 0) >= 12);
      expect(pools[0].status.boards.every(({ stories: told }) => told > 0)).toBe(true);
      expect(pools[0].status.waiting).toBe(0);
    });

    it('tell stories that the model ends, and empty ones', async () => {
      await offer([board('a')]);
      const pool = await gateway(1);
      const { story } = await tell(pool, { tokens: 0, sampling: { temperature: 0 } });
      expect(story.end.ending).toBe('finished');
      expect((await tell(pool, { prompt: '', tokens: 1 })).ids).toHaveLength(1);
    });

    it('lose a cable in the middle, and the client sees no gap', async () => {
      const why: string[] = [];
      await offer([board('bad', (pull) => pull())]);
      const pool = await gateway(1, { onRetold: (text) => why.push(text) });
      const told = tell(pool);
      await until(() => why.length > 0);
      await offer([board('good')]);
      expect((await told).ids).toEqual(expected);
      expect(why[0]).toMatch(/bad|gone/); // whichever of status and answer comes first
    });

    it('are replaced when their machine dies without a word', async () => {
      const line = await startLine(broker.url);
      closers.push(() => line.cut());
      const worker = await createWorker(line.url, [board('a', () => line.cut())], { id: 'dying' });
      const pool = await gateway(1, { silence: 500 });
      const told = tell(pool);
      await offer([board('good')]);
      expect((await told).ids).toEqual(expected);
      expect(pool.status.boards.some(({ name }) => name.startsWith(worker.id))).toBe(false);
    });

    it('go on behind a broker that was killed and comes back empty', async () => {
      await offer([board('a', () => broker.kill().then(broker.start))]);
      const pool = await gateway(1);
      const told = [tell(pool), tell(pool, { seed: 8n })];
      expect((await told[0]).ids).toEqual(expected);
      expect((await told[1]).story.tokens.length).toBeGreaterThan(0);
      expect((await tell(pool)).ids).toEqual(expected);
    });

    it('that come while the broker is away take their seats when it is back', async () => {
      const worker = await offer([]);
      await broker.kill();
      worker.add(board('late'));
      await until(() => worker.boards[0].state === 'idle');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await broker.start();
      const pool = await gateway(1);
      expect((await tell(pool)).ids).toEqual(expected);
    });

    it('stop when nobody waits any more, before and after they began', async () => {
      await offer([board('a')]);
      const pool = await gateway(1);
      const [first, second] = [new AbortController(), new AbortController()];
      const begun = tell(pool, {}, first.signal);
      const waiting = tell(pool, { seed: 9n }, second.signal);
      second.abort();
      await expect(waiting).rejects.toThrow('given up');
      await until(() => pool.status.waiting === 0);
      first.abort();
      expect((await begun).ids.length).toBeLessThanOrEqual(expected.length);
      expect((await tell(pool)).ids).toEqual(expected);
    });

    it('refuse what no board would tell, in its words', async () => {
      await offer([board('a')]);
      const pool = await gateway(1);
      await expect(tell(pool, { prompt: 'x'.repeat(600) })).rejects.toThrow('the prompt has 600 bytes');
      await expect(tell(await gateway(1, { queueLimit: 0 }))).rejects.toThrow('queue is full');
      const nobody = expect(tell(pool, { model: 'other' })).rejects.toThrow('shutting down');
      await pool.close();
      await nobody;
    });

    it('judge one another by the canary, over machines', async () => {
      const digests = await connectAsync(broker.url, { protocolVersion: 5 });
      closers.push(() => digests.endAsync());
      await digests.publishAsync(`lies/canary/${encodeURIComponent(NAME)}`, '0123456789abcdef', {
        qos: 1,
        retain: true,
      });
      const worker = await offer([board('a')], { prefix: 'lies' });
      await until(() => worker.boards[0].state === 'refused');
      expect(worker.boards[0].trouble).toContain('it must not serve');
    });

    it('are shown to Home Assistant, and hear no nonsense', async () => {
      const listener = await connectAsync(broker.url, { protocolVersion: 5 });
      closers.push(() => listener.endAsync());
      const configs: { topic: string; config: Record<string, never> }[] = [];
      listener.on('message', (topic, payload) => {
        if (payload.length > 0) configs.push({ topic, config: JSON.parse(payload.toString()) });
      });
      await listener.subscribeAsync('homeassistant/device/+/config');
      await offer([board('a')], { id: 'w', discovery: 'homeassistant' });
      const pool = await gateway(1);
      await until(() => configs.length > 0);
      expect(configs[0]).toMatchObject({
        topic: 'homeassistant/device/esp32_llm_w_1/config',
        config: {
          device: { identifiers: ['esp32_llm_w_1'] },
          origin: { name: 'esp32-llm' },
          components: { state: { platform: 'sensor', unique_id: 'esp32_llm_w_1_state' } },
          state_topic: 'esp32-llm/boards/w/1',
          availability_topic: 'esp32-llm/workers/w',
        },
      });
      const nonsense = [
        '',
        '{',
        '[]',
        '{"say":"end"}',
        '\0\xff',
        JSON.stringify({ say: 'tokens', from: 'x', tokens: [{}] }),
      ];
      const topics = [
        'boards/w/1',
        'boards/x/y',
        'stop/w/1',
        `tell/${encodeURIComponent(NAME)}`,
        'workers/z',
        'canary/q',
      ];
      for (const topic of topics)
        for (const payload of nonsense)
          await listener.publishAsync(`esp32-llm/${topic}`, payload, { qos: 1 });
      await listener.publishAsync(
        'esp32-llm/boards/w/1',
        JSON.stringify({ name: 'a', state: 'idle', model: NAME, stories: 0, tokens: 0 }),
        { qos: 1 },
      );
      await until(() => pool.models().length > 0);
      expect((await tell(pool)).ids).toEqual(expected);
    });
  });
