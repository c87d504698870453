/** OpenAI's shape: /v1/models, /v1/completions, /v1/chat/completions (platform.openai.com/docs/api-reference). */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { FailureError, UsageError } from '../errors.ts';
import {
  asked,
  type CompletionRequest,
  type CompletionResult,
  complete,
  knownModel,
  UnknownModelError,
} from './completion.ts';
import { BusyError, NoBoardError } from './errors.ts';
import { ANY_OBJECT, GrammarError, type Grammars } from './grammars.ts';
import { eventStream, hangUp } from './http.ts';
import type { Pool } from './pool.ts';

/** What is there without effect, as clients send it. */
const neutral = (value: unknown) => z.literal(value as never).nullish();

const common = {
  model: z.string(),
  max_tokens: z.int().min(1).max(65536).nullish(),
  temperature: z.number().min(0).max(10).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(8).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().nullish(),
  frequency_penalty: neutral(0),
  presence_penalty: neutral(0),
};

const completionBody = z.object({
  ...common,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(8)]).nullish(),
  echo: z.boolean().nullish(),
  logprobs: neutral(0),
  best_of: neutral(1),
  suffix: neutral(''),
});

const part = z.object({ type: z.literal('text'), text: z.string() });
const chatBody = z.object({
  ...common,
  max_completion_tokens: common.max_tokens,
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant']),
        content: z.union([z.string(), z.array(part)]),
      }),
    )
    .min(1),
  logprobs: neutral(false),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: z.string(),
          description: z.string().nullish(),
          schema: z.record(z.string(), z.unknown()),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .nullish(),
  tools: z.array(z.never()).nullish(),
});

type Common = z.infer<z.ZodObject<typeof common>>;

/** How a finished choice or a piece of one stands in an answer. */
interface Shape {
  object: string;
  chunk: string;
  prefix: string;
  whole(text: string): object;
  delta(text: string, first: boolean): object;
}

const COMPLETION: Shape = {
  object: 'text_completion',
  chunk: 'text_completion',
  prefix: 'cmpl',
  whole: (text) => ({ text, logprobs: null }),
  delta: (text) => ({ text, logprobs: null }),
};

const CHAT: Shape = {
  object: 'chat.completion',
  chunk: 'chat.completion.chunk',
  prefix: 'chatcmpl',
  whole: (text) => ({ message: { role: 'assistant', content: text, refusal: null }, logprobs: null }),
  delta: (text, first) => ({
    delta: { ...(first ? { role: 'assistant' } : {}), content: text },
    logprobs: null,
  }),
};

export function openaiRoutes(app: FastifyInstance, pool: Pool, grammars: Grammars): void {
  app.get('/v1/models', () => ({ object: 'list', data: pool.models().map(modelEntry) }));
  app.get<{ Params: { id: string } }>('/v1/models/:id', ({ params }) =>
    modelEntry(knownModel(pool, params.id)!),
  );
  app.post('/v1/completions', async (request, reply) => {
    const body = completionBody.parse(request.body);
    const prompts = [body.prompt ?? ''].flat();
    return answer(pool, reply, COMPLETION, body, { prompts, maxTokens: body.max_tokens, echo: body.echo });
  });
  app.post('/v1/chat/completions', async (request, reply) => {
    const body = chatBody.parse(request.body);
    const messages = body.messages.map(({ role, content }) => ({
      role,
      content: typeof content === 'string' ? content : content.map((one) => one.text).join(''),
    }));
    const { prompt, turns } = asked(pool, knownModel(pool, body.model), messages);
    const schema = schemaOf(body.response_format);
    const bind = schema && grammars.compile(schema, pool, knownModel(pool, body.model));
    const maxTokens = body.max_completion_tokens ?? body.max_tokens;
    return answer(pool, reply, CHAT, body, { prompts: [prompt], turns, maxTokens, bind });
  });
}

const schemaOf = (format: z.infer<typeof chatBody>['response_format']): object | undefined =>
  format?.type === 'json_schema'
    ? format.json_schema.schema
    : format?.type === 'json_object'
      ? ANY_OBJECT
      : undefined;

const modelEntry = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'esp32-llm' });

interface Asked {
  prompts: readonly string[];
  turns?: CompletionRequest['turns'];
  maxTokens: number | null | undefined;
  echo?: boolean | null;
  bind?: CompletionRequest['bind'];
}

async function answer(
  pool: Pool,
  reply: FastifyReply,
  shape: Shape,
  body: Common,
  { prompts, turns, maxTokens, echo, bind }: Asked,
): Promise<unknown> {
  const model = knownModel(pool, body.model);
  const wanted = prompts.flatMap((prompt) =>
    Array.from(
      { length: body.n ?? 1 },
      (_, i): CompletionRequest => ({
        prompt,
        turns,
        model,
        bind,
        echo: echo ?? false,
        maxTokens: maxTokens ?? undefined,
        sampling: { temperature: body.temperature ?? 1, topp: body.top_p ?? 1 },
        seed: body.seed == null ? undefined : seedOf(body.seed, i),
        stops: [body.stop ?? []].flat(),
      }),
    ),
  );
  const head = {
    id: `${shape.prefix}-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: model ?? pool.models()[0] ?? '',
  };
  const gone = hangUp(reply);
  if (!body.stream) {
    const texts = wanted.map(() => '');
    const results = await Promise.all(
      wanted.map((one, i) => complete(pool, one, (text) => (texts[i] += text), gone)),
    );
    return {
      ...head,
      object: shape.object,
      choices: results.map(({ finish }, index) => ({
        index,
        ...shape.whole(texts[index]),
        finish_reason: finish,
      })),
      usage: usageOf(results),
      esp32_llm: results.map(factsOf),
    };
  }
  const chunk = (choices: object[], usage?: object) => ({
    ...head,
    object: shape.chunk,
    choices,
    ...(usage ? { usage } : {}),
  });
  return eventStream(reply, async (send) => {
    const results = await Promise.all(
      wanted.map(async (one, index) => {
        let first = true;
        const piece = (text: string): void => {
          send(chunk([{ index, ...shape.delta(text, first), finish_reason: null }]));
          first = false;
        };
        const result = await complete(pool, one, piece, gone);
        send(
          chunk([
            {
              index,
              ...(shape === CHAT ? { delta: {} } : { text: '' }),
              logprobs: null,
              finish_reason: result.finish,
            },
          ]),
        );
        return result;
      }),
    );
    if (body.stream_options?.include_usage) send(chunk([], usageOf(results)));
    send('[DONE]');
  });
}

/** Seeds above 0, others for each of several choices. */
const seedOf = (seed: number, choice: number): bigint => (BigInt(Math.abs(seed)) || 1n) + BigInt(choice);

const usageOf = (results: readonly CompletionResult[]) => {
  const promptTokens = results.reduce((sum, one) => sum + one.promptTokens, 0);
  const completionTokens = results.reduce((sum, one) => sum + one.completionTokens, 0);
  const reused = results.reduce((sum, one) => sum + one.reused, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(reused > 0 ? { prompt_tokens_details: { cached_tokens: reused } } : {}),
  };
};

/** What only a board can say. */
const factsOf = ({ seed, digest, tokensPerSecond }: CompletionResult) => ({
  seed: String(seed),
  digest,
  tokens_per_second: tokensPerSecond,
});

/** An error as OpenAI's clients expect it. */
export function openaiError(error: unknown): { status: number; body: object; retryAfter?: number } {
  const say = (
    status: number,
    type: string,
    message: string,
    code: string | null = null,
    param: string | null = null,
  ) => ({
    status,
    body: { error: { message, type, param, code } },
  });
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const param = issue.path.join('.');
    return say(
      400,
      'invalid_request_error',
      `${param || 'the body'}: ${issue.message}`,
      'invalid_value',
      param || null,
    );
  }
  if (error instanceof BusyError)
    return {
      ...say(429, 'rate_limit_error', error.message, 'rate_limit_exceeded'),
      retryAfter: error.retryAfter,
    };
  if (error instanceof UnknownModelError)
    return say(404, 'invalid_request_error', error.message, 'model_not_found', 'model');
  if (error instanceof GrammarError)
    return say(400, 'invalid_request_error', error.message, error.code, 'response_format');
  if (error instanceof NoBoardError) return say(503, 'server_error', error.message, 'no_board');
  if (error instanceof UsageError || error instanceof FailureError)
    return say(400, 'invalid_request_error', error.message);
  const { statusCode = 500, message = 'internal error' } = (error ?? {}) as {
    statusCode?: number;
    message?: string;
  };
  if (statusCode < 500) return say(statusCode, 'invalid_request_error', message);
  return say(500, 'server_error', 'internal error; the log says more');
}
