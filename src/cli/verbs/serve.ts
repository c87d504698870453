/** `serve`: an HTTP endpoint over boards, real, simulated, or the device program on this machine. */
import { type AddressInfo, isIPv4, isIPv6 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { FailureError, messageOf, UsageError } from '../../errors.ts';
import { readInput } from '../../files.ts';
import type { LocalPool, Pool, PoolOptions } from '../../serve/index.ts';
import { integer } from '../arguments.ts';
import { type SourceOptions, sourceOptions, sourcesOf, watchUsb } from '../board-sources.ts';
import { type BrokerOptions, brokerOptions } from '../broker-options.ts';
import { untilEnded } from '../ended.ts';
import { boardFrom } from '../firmware-options.ts';
import { openNamed } from '../model-options.ts';
import { ROLLOUT_QUESTION, ROLLOUT_TOKENS, sayStep } from '../rollout-steps.ts';

interface Options extends SourceOptions, Partial<BrokerOptions> {
  listen: Address;
  token?: string;
  queue: number;
  vote?: number;
  wyoming?: true | Address;
  language: string;
  announce?: boolean;
  /** Paths of images. */
  rollout?: string;
  back?: string;
}

interface Address {
  host: string;
  port: number;
}

export function register(program: Command): void {
  brokerOptions(
    sourceOptions(program.command('serve')),
    'ask the boards that workers offer on this MQTT 5 broker, instead of boards here',
  )
    .description("an HTTP endpoint over any mix of boards, in OpenAI's and Ollama's shapes")
    .option('--listen <address:port>', 'where to serve (default: 127.0.0.1:8080)', address, {
      host: '127.0.0.1',
      port: 8080,
    })
    .option('--token <text>', 'what callers must bring as "Authorization: Bearer ..." (or ESP32_LLM_TOKEN)')
    .option(
      '--wyoming [address:port]',
      "also Wyoming's intent service, for Home Assistant (127.0.0.1:10300)",
      address,
    )
    .option('--language <code>', "of the sentences that Wyoming's intent service takes", 'en')
    .option('--announce', "tell the network of Wyoming's service (mDNS)")
    .option(
      '--vote <n>',
      'boards that tell every story; most of them must agree on each token',
      integer(3, 9),
    )
    .option(
      '--rollout <image>',
      'give the boards of --port and --usb this image, one by one, while the others serve',
    )
    .option('--back <image>', 'with --rollout: the image that they have now, should the new one not be right')
    .option('--queue <n>', 'requests that may wait', integer(1, 10_000), 64)
    .addHelpText(
      'after',
      `
Model and board options are for simulated boards and those of this machine; real ones tell what they have been flashed with.
One request occupies one board: more boards answer more requests at once, not one request faster.

Example, in two terminals:
  $ esp32-llm serve
  $ curl localhost:8080/v1/completions -H 'content-type: application/json' \\
      -d '{"model": "stories", "prompt": "Once upon a time", "max_tokens": 50}'`,
    )
    .action(serve);
}

function address(text: string): Address {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const host = match?.[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1';
  const port = Number(match?.[2] ?? Number.NaN);
  if (!(port <= 65535) || !(host === 'localhost' || isIPv4(host) || isIPv6(host))) {
    throw new InvalidArgumentError('Give a port or address:port, such as 127.0.0.1:8080 or [::1]:8080.');
  }
  return { host, port };
}

async function serve(options: Options): Promise<void> {
  const { createServer } = await import('../../serve/index.ts');
  if (options.announce && !options.wyoming)
    throw new UsageError('--announce tells of --wyoming, which is missing');
  if ((options.rollout === undefined) !== (options.back === undefined))
    throw new UsageError(
      '--rollout and --back go together: the new image, and the one that the boards have now',
    );
  if (options.rollout !== undefined && options.port.length === 0 && !options.usb)
    throw new UsageError('--rollout is for boards of --port and --usb');
  const token = options.token ?? process.env.ESP32_LLM_TOKEN;
  const { host, port } = options.listen;
  if (token === undefined && !/^(127\.|::1$|localhost$)/.test(host)) {
    throw new UsageError(
      `serving on ${host} lets others in: give a --token that they must bring, or listen on 127.0.0.1`,
    );
  }
  const { pool, local } = await poolOf(options, {
    queueLimit: options.queue,
    onRetold: (why) => process.stderr.write(`${why}; its story is told again by another board\n`),
  });
  const { tokenizer } = await openNamed(options);
  const app = createServer(pool, { token, tokenizers: [tokenizer] });
  try {
    const served = await app.listen({ host, port }).catch(({ code, message }: NodeJS.ErrnoException) => {
      throw new FailureError(
        `${host}:${port} ${code === 'EADDRINUSE' ? 'is in use; choose another with --listen' : `cannot be served: ${message}`}`,
      );
    });
    const { length } = pool.status.boards;
    const what = options.broker ? 'the boards of the broker' : length === 1 ? '1 board' : `${length} boards`;
    process.stderr.write(`serving ${what} on ${served}; Ctrl-C ends it\n`);
    const wyoming = options.wyoming && (await serveWyoming(pool, options));
    if (options.rollout !== undefined) void renew(local, options, options.rollout);
    await untilEnded();
    await wyoming?.close();
  } finally {
    await pool.close();
    await app.close();
  }
}

/** The pool that is asked, and the boards of this machine behind it. */
async function poolOf(options: Options, limits: PoolOptions): Promise<{ pool: Pool; local?: LocalPool }> {
  const { broker, prefix } = options;
  if (broker === undefined) {
    const { createPool, createVotingPool } = await import('../../serve/index.ts');
    const pool = createPool(await sourcesOf(options), limits);
    if (options.usb) watchUsb(pool);
    if (options.vote === undefined) return { pool, local: pool };
    if (!options.usb && pool.status.boards.length < options.vote) {
      throw new UsageError(
        `--vote ${options.vote} needs ${options.vote} boards at least; here are ${pool.status.boards.length}`,
      );
    }
    const onOutvoted = (why: string) => process.stderr.write(`${why}\n`);
    return { pool: createVotingPool(pool, { of: options.vote, onOutvoted }), local: pool };
  }
  if (options.vote) throw new UsageError('--vote is for boards of one machine, not for those of a broker');
  if (options.port.length > 0 || options.usb || options.hostBoards || options.simulated > 0) {
    throw new UsageError(
      'with --broker the boards are where workers offer them: run "esp32-llm worker" there, without boards here',
    );
  }
  const { createBrokerPool } = await import('../../broker/index.ts');
  return { pool: await createBrokerPool(broker, { prefix, ...limits }) };
}

/** A new image for the boards here; what becomes of it is said on stderr. */
async function renew(local: LocalPool | undefined, options: Options, path: string): Promise<void> {
  const [{ expectationFrom, openDevice }, { openThreadBoard }] = await Promise.all([
    import('../../serial/index.ts'),
    import('../../node/index.ts'),
  ]);
  const board = boardFrom(options);
  try {
    const [flash, back] = [readInput(path, 'the new image'), readInput(options.back!, 'the old image')];
    const simulated = await openThreadBoard({ kind: 'simulated', board, flash }, 'the simulated board');
    const device = await openDevice(simulated);
    const tokens = Math.min(ROLLOUT_TOKENS, device.ready.context);
    const expected = await expectationFrom(device, { ...ROLLOUT_QUESTION, tokens });
    await simulated.close();
    const needs = { flashBytes: flash.length, psramBytes: 0 };
    const { renewed, failed, left } = await local!.renew({
      next: { flash, needs, expected },
      back,
      onStep: sayStep,
    });
    const rest =
      left.length > 0 ? `; ${left.join(', ')} ${left.length === 1 ? 'was' : 'were'} not touched` : '';
    process.stderr.write(`rollout: ${failed ? failed.why : `${renewed.length} renewed`}${rest}\n`);
  } catch (error) {
    process.stderr.write(`rollout: ${messageOf(error)}\n`);
  }
}

const WYOMING: Address = { host: '127.0.0.1', port: 10300 };

async function serveWyoming(
  pool: Pool,
  { wyoming, language, announce }: Options,
): Promise<{ close(): Promise<void> }> {
  const { createWyomingServer } = await import('../../serve/index.ts');
  const { host, port } = typeof wyoming === 'object' ? wyoming : WYOMING;
  const server = createWyomingServer(pool, { languages: [language] });
  const taken = await new Promise<number>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(new FailureError(`${host}:${port} cannot be served: ${message}`)),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
  process.stderr.write(`Wyoming's intent service on tcp://${host}:${taken}, for whoever reaches it\n`);
  const withdraw = announce ? await announceWyoming(taken) : async () => {};
  return {
    async close() {
      await withdraw();
      server.close();
    },
  };
}

/** Tells the network; returns how to take it back. */
async function announceWyoming(port: number): Promise<() => Promise<void>> {
  const { Bonjour } = await import('bonjour-service');
  const network = new Bonjour();
  network.publish({ name: 'esp32-llm', type: 'wyoming', port });
  return () => new Promise((resolve) => network.unpublishAll(() => network.destroy(() => resolve())));
}
