/** `serve`: an HTTP endpoint over boards, real, simulated, or the device program on this machine. */
import { isIPv4, isIPv6 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { FailureError, UsageError } from '../../errors.ts';
import type { BoardSource, Pool } from '../../serve/index.ts';
import { integer } from '../arguments.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { openNamed } from '../model-options.ts';

interface Options extends BuildOptions {
  port: string[];
  usb?: boolean;
  hostBoards?: number;
  simulated: number;
  listen: Address;
  token?: string;
  queue: number;
}

interface Address {
  host: string;
  port: number;
}

const MOST_THREADS = 64;
/** How often USB is looked at for boards that come. */
const USB_EVERY_MS = 2000;

export function register(program: Command): void {
  firmwareOptions(program.command('serve'))
    .description("an HTTP endpoint over any mix of boards, in OpenAI's and Ollama's shapes")
    .option(
      '--port <p>',
      'a board: serial port, pseudo-terminal or host:port; may be given again',
      collect,
      [],
    )
    .option('--usb', 'whatever board is plugged in, now and later')
    .option(
      '--host-boards <n>',
      "the same program on this machine's processor, n times (default: 1 where no other board is named)",
      integer(0, MOST_THREADS),
    )
    .option('--simulated <n>', 'simulated boards', integer(0, MOST_THREADS), 0)
    .option('--listen <address:port>', 'where to serve', address, { host: '127.0.0.1', port: 8080 })
    .option('--token <text>', 'what callers must bring as "Authorization: Bearer ..." (or ESP32_LLM_TOKEN)')
    .option('--queue <n>', 'requests that may wait', integer(1, 10_000), 64)
    .addHelpText(
      'after',
      `
Model and board options are for simulated boards and those of this machine; real ones tell what they have been flashed with.
One request occupies one board: more boards answer more requests at once, not one request faster.

Example, in two terminals:
  $ esp32-llm serve
  $ curl localhost:8080/v1/completions -H 'content-type: application/json' \\
      -d '{"model": "tinystories", "prompt": "Once upon a time", "max_tokens": 50}'`,
    )
    .action(serve);
}

const collect = (value: string, before: string[]): string[] => [...before, value];

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
  const { createPool, createServer } = await import('../../serve/index.ts');
  const token = options.token ?? process.env.ESP32_LLM_TOKEN;
  const { host, port } = options.listen;
  if (token === undefined && !/^(127\.|::1$|localhost$)/.test(host)) {
    throw new UsageError(
      `serving on ${host} lets others in: give a --token that they must bring, or listen on 127.0.0.1`,
    );
  }
  const pool = createPool(await sourcesOf(options), {
    queueLimit: options.queue,
    onRetold: (why) => process.stderr.write(`${why}; its story is told again by another board\n`),
  });
  const app = createServer(pool, { token });
  const watching = options.usb ? watchUsb(pool) : undefined;
  try {
    const served = await app.listen({ host, port }).catch(({ code, message }: NodeJS.ErrnoException) => {
      throw new FailureError(
        `${host}:${port} ${code === 'EADDRINUSE' ? 'is in use; choose another with --listen' : `cannot be served: ${message}`}`,
      );
    });
    const { length } = pool.status.boards;
    process.stderr.write(
      `serving ${length} ${length === 1 ? 'board' : 'boards'} on ${served}; Ctrl-C ends it\n`,
    );
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve).once('SIGTERM', resolve);
    });
  } finally {
    clearInterval(watching);
    await pool.close();
    await app.close();
  }
}

async function sourcesOf(options: Options): Promise<BoardSource[]> {
  const { openConnection } = await import('../../serial/node/index.ts');
  const named = options.port.map((port): BoardSource => ({ name: port, open: () => openConnection(port) }));
  const alone = named.length === 0 && options.simulated === 0 && !options.usb;
  const onHost = options.hostBoards ?? (alone ? 1 : 0);
  if (onHost === 0 && options.simulated === 0) return named;
  return [...named, ...(await threadSources(options, onHost))];
}

async function threadSources(options: Options, onHost: number): Promise<BoardSource[]> {
  const [{ openThreadBoard }, { piecesOf }] = await Promise.all([
    import('../../node/index.ts'),
    import('../../model/index.ts'),
  ]);
  const loaded = await openNamed(options);
  const host = {
    kind: 'host',
    modelName: loaded.name,
    model: { ...loaded.model, tokenizer: undefined },
    pieces: piecesOf(loaded.tokenizer),
    precision: options.precision,
    context: options.context,
  } as const;
  const sources = Array.from({ length: onHost }, (_, i): BoardSource => {
    const name = `host ${i + 1}`;
    return { name, open: () => openThreadBoard(host, name) };
  });
  if (options.simulated === 0) return sources;
  const { board, flash } = await buildFrom(loaded, options);
  for (let i = 1; i <= options.simulated; i++) {
    const name = `simulated ${i}`;
    sources.push({ name, open: () => openThreadBoard({ kind: 'simulated', board, flash }, name) });
  }
  return sources;
}

/** Adds boards as they are plugged in; one that is pulled comes back by itself. */
function watchUsb(pool: Pool): ReturnType<typeof setInterval> {
  const known = new Set<string>();
  const look = async (): Promise<void> => {
    const { listPorts, openConnection } = await import('../../serial/node/index.ts');
    for (const { path, usb } of await listPorts()) {
      if (!usb || known.has(path)) continue;
      known.add(path);
      pool.add({ name: path, open: () => openConnection(path) });
      process.stderr.write(`${path}: a board was plugged in\n`);
    }
  };
  void look();
  return setInterval(() => void look().catch(() => {}), USB_EVERY_MS);
}
