/** For tests: verbs in a real pseudo-terminal, as a person has them. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BABBLER, babblerTokenizerBytes, version0Bytes } from '../../model/testing.ts';

const entry = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** An optional dependency, which some systems lack. */
const pty = await import('@lydell/node-pty').catch(() => undefined);

export const hasTerminals = pty !== undefined && existsSync(entry);
if (!hasTerminals)
  process.stderr.write('no pseudo-terminals (or no dist/) here; verbs in a terminal are not tested\n');

export interface Terminal {
  /** Everything that it shows so far, without escape sequences. */
  readonly text: string;
  type(keys: string): void;
  /** Resolves once `pattern` stands in what came since the last match; to the match. */
  see(pattern: RegExp): Promise<RegExpExecArray>;
  /** Exit code and signal. */
  readonly exit: Promise<{ exitCode: number; signal?: number }>;
  kill(): void;
}

export interface TerminalOptions {
  cwd: string;
  env?: Record<string, string>;
}

const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]/g;

/** Starts `esp32-llm ARGS` in a terminal of its own. */
export function startInTerminal(args: readonly string[], { cwd, env = {} }: TerminalOptions): Terminal {
  const process_ = pty!.spawn(process.execPath, [entry, ...args], {
    cols: 100,
    rows: 30,
    cwd,
    env: { ...process.env, ...env } as Record<string, string>,
  });
  let text = '';
  let seen = 0;
  const waiting = new Set<() => void>();
  process_.onData((data) => {
    text += data.replace(ESCAPES, '');
    for (const look of waiting) look();
  });
  let ended = false;
  const exit = new Promise<{ exitCode: number; signal?: number }>((resolve) => {
    process_.onExit((result) => {
      ended = true;
      resolve(result);
      for (const look of waiting) look();
    });
  });
  return {
    get text() {
      return text;
    },
    type: (keys) => process_.write(keys),
    see: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text.slice(seen));
          if (!match && !ended) return;
          waiting.delete(look);
          if (match) {
            seen += match.index + match[0].length;
            resolve(match);
          } else reject(new Error(`it ended without ${pattern}:\n${text}`));
        };
        waiting.add(look);
        look();
      }),
    exit,
    kill: () => process_.kill('SIGKILL'),
  };
}

/** Checkpoint and tokenizer of a model that babbles, in a folder. */
export function writeTinyModel(folder: string): readonly string[] {
  writeFileSync(join(folder, 'tiny.bin'), version0Bytes(BABBLER));
  writeFileSync(join(folder, 'tokenizer.bin'), babblerTokenizerBytes());
  return ['--model', join(folder, 'tiny.bin')];
}
