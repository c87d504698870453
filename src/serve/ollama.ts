/** Ollama's shape: /api/tags, version, show, ps, generate, chat (github.com/ollama/ollama/blob/main/docs/api.md). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { VERSION } from '../firmware/index.ts';
import { asked, type CompletionResult, complete, knownModel } from './completion.ts';
import { ANY_OBJECT, type Grammars } from './grammars.ts';
import { hangUp, lineStream } from './http.ts';
import type { Pool } from './pool.ts';

/** What Ollama takes when nothing is said (its docs, Modelfile parameters). */
const DEFAULTS = { temperature: 0.8, topp: 0.9, topk: 40, minp: 0, penalty: 1.1 };

const options = z
  .object({
    temperature: z.number().min(0).max(10).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_k: z.int().min(0).max(65535).nullish(),
    min_p: z.number().min(0).max(1).nullish(),
    repeat_penalty: z.number().min(1).max(2).nullish(),
    seed: z.int().nullish(),
    num_predict: z.int().nullish(),
    stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(8)]).nullish(),
  })
  .nullish();

const format = z.union([z.literal(['', 'json']), z.record(z.string(), z.unknown())]);
const common = { model: z.string(), stream: z.boolean().nullish(), options, format: format.nullish() };
const generateBody = z.object({ ...common, prompt: z.string().nullish() });
const chatBody = z.object({
  ...common,
  messages: z.array(z.object({ role: z.string(), content: z.string() })).nullish(),
});
const showBody = z.union([
  z.object({ model: z.string() }),
  z.object({ name: z.string() }).transform(({ name }) => ({ model: name })),
]);

export function ollamaRoutes(app: FastifyInstance, pool: Pool, grammars: Grammars): void {
  app.get('/api/version', () => ({ version: VERSION }));
  app.get('/api/tags', () => ({ models: pool.models().map((name) => entry(pool, name)) }));
  app.get('/api/ps', () => ({ models: pool.models().map((name) => entry(pool, name)) }));
  app.post('/api/show', (request) => {
    const { model } = showBody.parse(request.body);
    const known = knownModel(pool, model) ?? '';
    return {
      ...entry(pool, known),
      modelfile: '',
      parameters: '',
      template: '{{ .Prompt }}', // conversations are written by the board's own template
      capabilities: ['completion'],
      model_info: { 'general.architecture': 'llama', 'llama.context_length': contextOf(pool, known) },
    };
  });
  app.post('/api/generate', async (request, reply) => {
    const body = generateBody.parse(request.body);
    const wanted = { prompt: body.prompt ?? undefined };
    return answer(pool, grammars, reply, body, wanted, (text) => ({ response: text }));
  });
  app.post('/api/chat', async (request, reply) => {
    const body = chatBody.parse(request.body);
    const wanted = body.messages?.length ? asked(pool, knownModel(pool, body.model), body.messages) : {};
    return answer(pool, grammars, reply, body, wanted, (text) => ({
      message: { role: 'assistant', content: text },
    }));
  });
}

const contextOf = (pool: Pool, model: string): number =>
  Math.min(...pool.status.boards.flatMap((board) => (board.model === model ? [board.context ?? 0] : [])));

const entry = (pool: Pool, name: string) => ({
  name: `${name}:latest`,
  model: `${name}:latest`,
  modified_at: new Date(0).toISOString(),
  size: 0,
  digest: '',
  details: {
    parent_model: '',
    format: 'esp32-llm',
    family: 'llama',
    families: ['llama'],
    parameter_size: '',
    quantization_level: 'int8',
    context_length: contextOf(pool, name),
  },
});

async function answer(
  pool: Pool,
  grammars: Grammars,
  reply: FastifyReply,
  body: z.infer<z.ZodObject<typeof common>>,
  { prompt, turns }: Partial<ReturnType<typeof asked>>,
  shape: (text: string) => object,
): Promise<unknown> {
  const model = knownModel(pool, body.model) ?? body.model;
  const head = () => ({ model: body.model, created_at: new Date().toISOString() });
  // Clients send a request without a text to have a model loaded; boards have it loaded.
  if (prompt === undefined || prompt === '')
    return { ...head(), ...shape(''), done: true, done_reason: 'load' };
  const schema = body.format === 'json' ? ANY_OBJECT : body.format || undefined;
  const bind = schema && grammars.compile(schema, pool, model);
  const options = body.options ?? {};
  const began = performance.now();
  const tell = (onText: (text: string) => void) =>
    complete(
      pool,
      {
        prompt,
        turns,
        model,
        bind,
        sampling: {
          temperature: options.temperature ?? DEFAULTS.temperature,
          topp: options.top_p ?? DEFAULTS.topp,
          topk: options.top_k ?? DEFAULTS.topk,
          minp: options.min_p ?? DEFAULTS.minp,
          penalty: options.repeat_penalty ?? DEFAULTS.penalty,
        },
        seed: options.seed == null || options.seed <= 0 ? undefined : BigInt(options.seed),
        maxTokens: options.num_predict == null || options.num_predict < 1 ? undefined : options.num_predict,
        stops: [options.stop ?? []].flat(),
      },
      onText,
      hangUp(reply),
    );
  const last = (result: CompletionResult) => ({
    done: true,
    done_reason: result.finish,
    ...durations(result, performance.now() - began),
  });
  if (body.stream === false) {
    let text = '';
    const result = await tell((piece) => (text += piece));
    return { ...head(), ...shape(text), ...last(result) };
  }
  return lineStream(reply, async (send) => {
    const result = await tell((text) => send({ ...head(), ...shape(text), done: false }));
    send({ ...head(), ...shape(''), ...last(result) });
  });
}

/** Nanoseconds, as Ollama gives them; a board reads prompts as fast as it writes. */
function durations(
  { promptTokens, completionTokens, tokensPerSecond }: CompletionResult,
  milliseconds: number,
) {
  const spent = (tokens: number): number => Math.round((tokens / tokensPerSecond) * 1e9);
  return {
    total_duration: Math.round(milliseconds * 1e6),
    load_duration: 0,
    prompt_eval_count: promptTokens,
    prompt_eval_duration: spent(promptTokens),
    eval_count: completionTokens,
    eval_duration: spent(completionTokens),
  };
}
