/** The boards that a verb offers to others: real, simulated, or the device program on this machine. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { BoardSource, LocalPool } from '../serve/index.ts';
import { integer } from './arguments.ts';
import { type BuildOptions, buildFrom, firmwareOptions, templateOf } from './firmware-options.ts';
import { openNamed } from './model-options.ts';
import { isMixture } from './quantized.ts';

export interface SourceOptions extends BuildOptions {
  port: string[];
  usb?: boolean;
  hostBoards?: number;
  simulated: number;
}

const MOST_THREADS = 64;
/** Kilobytes for grammars that are sent, where nothing is said: on this machine, and in a simulated board. */
const HOST_ROOM_KB = 512;
const BOARD_ROOM_KB = 48;
/** How often USB is looked at for boards that come. */
const USB_EVERY_MS = 2000;

export const sourceOptions = (command: Command): Command =>
  firmwareOptions(command)
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
    .option('--simulated <n>', 'simulated boards', integer(0, MOST_THREADS), 0);

const collect = (value: string, before: string[]): string[] => [...before, value];

export async function sourcesOf(options: SourceOptions): Promise<BoardSource[]> {
  const { openConnection } = await import('../serial/node/index.ts');
  const named = options.port.map(
    (port): BoardSource => ({
      name: port,
      open: () => openConnection(port),
      flashable: true,
    }),
  );
  const alone = named.length === 0 && options.simulated === 0 && !options.usb;
  const onHost = options.hostBoards ?? (alone ? 1 : 0);
  if (onHost === 0 && options.simulated === 0) return named;
  return [...named, ...(await threadSources(options, onHost))];
}

async function threadSources(options: SourceOptions, onHost: number): Promise<BoardSource[]> {
  const [{ openThreadBoard }, { piecesOf }, { ownPrecision }] = await Promise.all([
    import('../node/index.ts'),
    import('../model/index.ts'),
    import('../quantize/index.ts'),
  ]);
  const { precision } = options;
  if (isMixture(precision))
    throw new UsageError(
      `boards on this machine have one format for all matrices: not --precision ${precision}`,
    );
  const loaded = await openNamed(options);
  const host = {
    kind: 'host',
    modelName: loaded.name,
    model: { ...loaded.model, tokenizer: undefined },
    pieces: piecesOf(loaded.tokenizer),
    precision: precision ?? ownPrecision(loaded.model),
    context: options.context,
    grammarRoom: (options.grammarRoom ?? HOST_ROOM_KB) * 1024,
    template: onHost > 0 ? templateOf(loaded) : undefined,
  } as const;
  const sources = Array.from({ length: onHost }, (_, i): BoardSource => {
    const name = `host ${i + 1}`;
    return { name, open: () => openThreadBoard(host, name) };
  });
  if (options.simulated === 0) return sources;
  const { board, flash } = await buildFrom(loaded, { grammarRoom: BOARD_ROOM_KB, ...options });
  for (let i = 1; i <= options.simulated; i++) {
    const name = `simulated ${i}`;
    sources.push({ name, open: () => openThreadBoard({ kind: 'simulated', board, flash }, name) });
  }
  return sources;
}

/** Adds boards as they are plugged in, while the process has other work; one that is pulled comes back by itself. */
export function watchUsb({ add }: Pick<LocalPool, 'add'>): void {
  const known = new Set<string>();
  const look = async (): Promise<void> => {
    const { listPorts, openConnection } = await import('../serial/node/index.ts');
    for (const { path, usb } of await listPorts()) {
      if (!usb || known.has(path)) continue;
      known.add(path);
      add({ name: path, open: () => openConnection(path), flashable: true });
      process.stderr.write(`${path}: a board was plugged in\n`);
    }
  };
  void look();
  setInterval(() => void look().catch(() => {}), USB_EVERY_MS).unref();
}
