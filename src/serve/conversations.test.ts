/** Conversations asked through OpenAI's and Ollama's clients. */
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { smallModel } from '../firmware/testing.ts';
import { TEMPLATES } from '../model/index.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import { createSignal } from '../serial/index.ts';
import type { BoardSource } from './board.ts';
import { hostConnection } from './host-board.ts';
import { createPool } from './pool.ts';
import { createServer } from './server.ts';

const { quantized, tokenizer } = smallModel();
const NAME = 'small';

/** A board that converses; after so many bytes its cable is pulled, once. */
function board(name: string, left = Number.POSITIVE_INFINITY): BoardSource {
  return {
    name,
    async open() {
      const inner = hostConnection({
        ...{ programs: shippedPrograms, model: quantized, tokenizer },
        ...{ modelName: NAME, context: 128, template: TEMPLATES.plain },
      });
      const closed = createSignal();
      inner.onData((bytes) => {
        left -= bytes.length;
        if (left >= 0) return;
        left = Number.POSITIVE_INFINITY;
        void inner.close();
        closed.emit();
      });
      return { ...inner, onClose: closed.add };
    },
  };
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(sources: BoardSource[]) {
  const pool = createPool(sources, { retry: 20 });
  const app = createServer(pool);
  closers.push(
    () => pool.close(),
    () => app.close(),
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  while (pool.status.boards.some(({ state }) => state !== 'idle'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  return { pool, url, openai, ollama: new Ollama({ host: url }) };
}

describe('a conversation over the endpoint', () => {
  it('has its turns in their order, whichever board tells', async () => {
    // Its cable is pulled in the second answer: the other board tells the same.
    const boards = [board('a', 16_000), board('b')];
    const { openai, ollama, pool, url } = await serve(boards);
    const sampling = { model: NAME, seed: 3, temperature: 0, max_tokens: 24 };
    const messages: { role: 'system' | 'user' | 'assistant'; content: string }[] = [
      { role: 'system', content: 'You tell stories.' },
    ];
    const ask = async (content: string) => {
      messages.push({ role: 'user', content });
      const answer = await openai.chat.completions.create({ ...sampling, messages });
      messages.push({ role: 'assistant', content: answer.choices[0].message.content! });
      return answer;
    };
    for (const question of ['Tom had a ball.', 'Was it red?', 'Who saw it?']) {
      const { choices, usage } = await ask(question);
      expect(choices[0].message.content).toMatch(/^\S/);
      expect(choices[0].message.content).not.toContain('\n');
      expect(usage!.prompt_tokens).toBeGreaterThan(question.length / 4);
    }
    const again = await openai.chat.completions.create({ ...sampling, messages: messages.slice(0, -1) });
    expect(again.choices[0].message.content).toBe(messages.at(-1)!.content);
    const facts = pool.status.boards.map(({ stories }) => stories);
    expect(facts.reduce((a, b) => a + b)).toBeGreaterThan(3);
    const { message } = await ollama.chat({
      model: NAME,
      messages: messages.slice(0, -1),
      options: { seed: 3, temperature: 0, num_predict: 24, top_k: 0, top_p: 1, repeat_penalty: 1 },
    });
    expect(message.content).toBe(messages.at(-1)!.content);
    const refused = await fetch(`${url}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: NAME, messages: [{ role: 'tool', content: 'x' }] }),
    });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('role tool')]);
  });

  it('is read on from what the board has read', async () => {
    const { openai } = await serve([board('a')]);
    const messages = [{ role: 'user' as const, content: 'Tom had a red ball and a blue car.' }];
    const ask = () =>
      openai.chat.completions.create({ model: NAME, messages, temperature: 0, max_tokens: 8 });
    const [first, second] = [await ask(), await ask()];
    // The canary's story had the same space in front.
    expect(first.usage!.prompt_tokens_details?.cached_tokens ?? 0).toBeLessThan(3);
    expect(second.usage!.prompt_tokens_details!.cached_tokens).toBe(second.usage!.prompt_tokens - 1);
    expect(second.choices[0].message.content).toBe(first.choices[0].message.content);
  });
});
