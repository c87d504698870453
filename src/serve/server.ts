/** The HTTP endpoint over a pool of boards. */

import { timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { messageOf } from '../errors.ts';
import type { Tokenizer } from '../model/index.ts';
import { createGrammars } from './grammars.ts';
import { createMetrics } from './metrics.ts';
import { ollamaRoutes } from './ollama.ts';
import { openaiError, openaiRoutes } from './openai.ts';
import type { Pool } from './pool.ts';
import { statusPage } from './status-page.ts';

export interface ServerOptions {
  /** Bearer token that every request but /healthz must bring. */
  token?: string;
  /** Vocabularies for which answers can be bound to a schema. */
  tokenizers?: readonly Tokenizer[];
}

/** A request's body at most, in bytes: a prompt has 512, a schema some thousand. */
const BODY_LIMIT = 64 * 1024;

export function createServer(pool: Pool, { token, tokenizers }: ServerOptions = {}): FastifyInstance {
  const grammars = createGrammars(tokenizers);
  const app = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
  const metrics = createMetrics(pool);
  app.addHook('onRequest', async ({ url, headers }, reply) => {
    if (token === undefined || url === '/healthz') return;
    if (isSame(headers.authorization ?? '', `Bearer ${token}`)) return;
    const { body } = openaiError({
      statusCode: 401,
      message: 'this server wants its token: Authorization: Bearer TOKEN',
    });
    return reply.code(401).send(body);
  });
  app.addHook('onResponse', async ({ routeOptions }, { statusCode, elapsedTime }) =>
    metrics.answered(routeOptions.url ?? 'unknown', statusCode, elapsedTime / 1000),
  );
  app.setErrorHandler((error, request, reply) => {
    const { status, body, retryAfter } = openaiError(error);
    if (status >= 500) process.stderr.write(`${messageOf(error)}\n`);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    // Ollama's clients look for a text where OpenAI's look for an object.
    const ollama = request.url.startsWith('/api/');
    return reply
      .code(status)
      .send(ollama ? { error: (body as { error: { message: string } }).error.message } : body);
  });
  app.setNotFoundHandler((request, reply) => {
    const { body } = openaiError({
      statusCode: 404,
      message: `there is no ${request.method} ${request.url.split('?')[0]} here`,
    });
    return reply.code(404).send(body);
  });
  openaiRoutes(app, pool, grammars);
  ollamaRoutes(app, pool, grammars);
  app.get('/healthz', (_request, reply) => {
    const ready = pool.status.boards.filter(({ state }) => state === 'idle' || state === 'busy').length;
    return reply.code(ready > 0 ? 200 : 503).send({ ready, boards: pool.status.boards.length });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.type).send(await metrics.text()));
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(statusPage(pool.status)));
  return app;
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
