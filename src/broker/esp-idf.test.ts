/** The ESP-IDF project of `export idf --example mqtt`, its C compiled for this machine, behind a real broker with our gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallModel } from '../firmware/testing.ts';
import { buildIdfComponent } from '../idf/index.ts';
import { hasCompiler, runTool, standins, writeFiles } from '../idf/testing/toolchain.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import type { TellRequest } from '../serve/index.ts';
import { createBrokerPool } from './index.ts';
import { hasMosquitto, startMosquitto, type TestBroker } from './testing.ts';

const STRICT = ['-std=gnu17', '-Wall', '-Wextra', '-Werror', '-O1'];
const MODEL = 'a model';
const WORKER = '7cdfa1000000';
const STORY: TellRequest = { prompt: 'abc', sampling: { temperature: 0.5 }, seed: 7n, tokens: 60 };

/** What the stand-in's model says: src/idf/testing/standins/worker_test.c. */
const wordsOf = (seed: number, count: number): number[] =>
  Array.from({ length: count }, (_, position) => (seed * 31 + position * 7) % 256);

const can = hasCompiler && hasMosquitto();
if (!can) it.skip('the Wi-Fi worker: no cc or no mosquitto here', () => {});

can &&
  describe('a Wi-Fi board as a worker', () => {
    let folder: string;
    let broker: TestBroker;
    let program: string;
    const boards: { child: ChildProcess; client: MqttClient }[] = [];

    beforeAll(async () => {
      const { quantized: model, tokenizer } = smallModel();
      const { files } = buildIdfComponent({
        ...{ programs, ...shippedTemplates(), model, tokenizer, modelName: MODEL, context: 64 },
        example: 'mqtt',
      });
      folder = writeFiles(files);
      broker = await startMosquitto();
      const main = join(folder, 'examples/mqtt/main');
      const places = [`-I${join(folder, 'include')}`, `-I${folder}`, `-I${main}`, `-I${standins}`];
      program = join(folder, 'worker');
      const sources = [
        ...['esp32_llm.c', 'esp32_llm_memory.c'].map((name) => join(folder, name)),
        ...['worker.c', 'messages.c'].map((name) => join(main, name)),
        ...['esp_idf.c', 'cjson.c', 'worker_test.c'].map((name) => join(standins, name)),
      ];
      expect(runTool('cc', [...STRICT, ...places, ...sources, '-pthread', '-o', program])).toEqual({
        code: 0,
        output: '',
      });
      const rest = ['main.c', 'wifi.c'].map((name) => join(main, name));
      expect(runTool('cc', [...STRICT, ...places, '-fsyntax-only', ...rest])).toEqual({
        code: 0,
        output: '',
      });
    });
    afterAll(async () => {
      for (const { child, client } of boards) {
        child.kill();
        await client.endAsync(true);
      }
      await broker?.remove();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    /** Runs the program, its messages carried to the broker and back. */
    async function startBoard(): Promise<void> {
      const child = spawn(program, [join(folder, 'weights.bin')], { stdio: ['pipe', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout });
      const will = await new Promise<string[]>((resolve) =>
        lines.once('line', (line) => resolve(line.split(' '))),
      );
      const client = await connectAsync(broker.url, {
        protocolVersion: 5,
        properties: { receiveMaximum: 1 },
        will: { topic: will[1], payload: Buffer.alloc(0), qos: 1, retain: true },
      });
      const hexadecimal = (bytes: Uint8Array | undefined): string =>
        bytes?.length ? Buffer.from(bytes).toString('hex') : '-';
      client.on('message', (topic, payload, { properties = {} }) => {
        const { responseTopic = '-', correlationData } = properties;
        child.stdin.write(
          `message ${topic} ${responseTopic} ${hexadecimal(correlationData)} ${hexadecimal(payload)}\n`,
        );
      });
      lines.on('line', (line) => {
        const [verb, topic, qos, retain, correlation, data] = line.split(' ');
        if (verb === 'subscribe') client.subscribe(topic, { qos: 1 });
        else if (verb === 'publish') {
          client.publish(topic, data === '-' ? '' : Buffer.from(data, 'hex'), {
            qos: Number(qos) as 0 | 1,
            retain: retain === '1',
            properties: correlation === '-' ? {} : { correlationData: Buffer.from(correlation, 'hex') },
          });
        }
      });
      child.stdin.write('connected\n');
      boards.push({ child, client });
    }

    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
    };

    it('tells, stops, refuses, and is seen', { timeout: 40_000 }, async () => {
      await startBoard();
      const pool = await createBrokerPool(broker.url);
      try {
        await until(() => pool.status.boards.some(({ state }) => state === 'idle'));
        expect(pool.status.boards[0]).toMatchObject({ name: `${WORKER} esp-idf`, model: MODEL, context: 64 });
        let prompt = 0;
        const text: number[] = [];
        const story = await pool.tell(STORY, (token, start) => {
          prompt = start!.prompt;
          text.push(...Buffer.from(token.text, 'latin1'));
        });
        const told = story.tokens.map(({ id }) => id);
        expect(told).toEqual(wordsOf(7, 60));
        expect(prompt).toBe(4);
        expect(text).toEqual(wordsOf(7, 60).flatMap((id) => [id, 0x22]));
        expect(story.end).toMatchObject({ ending: 'limit', tokens: 60, megahertz: 240 });

        const ended = await pool.tell({ ...STORY, seed: 5n, tokens: 0 }, () => {});
        expect(ended.end.ending).toBe('finished');
        await expect(pool.tell({ ...STORY, prompt: 'x'.repeat(600) }, () => {})).rejects.toThrow(
          'The prompt is too long.',
        );
        const enough = new AbortController();
        const stopped = await pool.tell({ ...STORY, tokens: 0 }, () => enough.abort(), enough.signal);
        expect(stopped.end.ending).toMatch(/stopped|limit/);
        const both = await Promise.all([2n, 3n].map((seed) => pool.tell({ ...STORY, seed }, () => {})));
        expect(both.map(({ tokens }) => tokens.map(({ id }) => id))).toEqual([
          wordsOf(2, 60),
          wordsOf(3, 60),
        ]);
        await until(() => pool.status.boards[0].stories === 5);
      } finally {
        await pool.close();
      }
    });

    it('does not serve where other boards tell another canary', async () => {
      const client = await connectAsync(broker.url, { protocolVersion: 5 });
      await client.publishAsync(`esp32-llm/canary/${encodeURIComponent(MODEL)}`, '0123456789abcdef', {
        qos: 1,
        retain: true,
      });
      const statuses: string[] = [];
      client.on('message', (_, payload) => statuses.push(payload.toString()));
      await client.subscribeAsync(`esp32-llm/boards/${WORKER}/1`);
      const { child, client: line } = boards.pop()!;
      child.kill();
      await line.endAsync(true);
      await startBoard();
      await until(() => statuses.some((text) => text.includes('refused')));
      expect(statuses.at(-1)).toContain('it must not serve');
      await client.endAsync();
    });
  });
