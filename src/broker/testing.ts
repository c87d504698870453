/** A Mosquitto broker of its own for tests and benches. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../testing/free-port.ts';

/** Debian puts it where only root's PATH leads. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;
const env = { ...process.env, PATH };

export const hasMosquitto = (): boolean =>
  PATH.split(delimiter).some((folder) => existsSync(join(folder, 'mosquitto')));

export interface TestBroker {
  url: string;
  /** Ends without a word, as a power failure does. */
  kill(): Promise<void>;
  /** On the same port, with nothing remembered. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

export async function startMosquitto(): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nlog_dest none\n`,
  );
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const old = child;
    child = undefined;
    if (old && old.exitCode === null) {
      await new Promise((resolve) => {
        old.once('exit', resolve);
        old.kill('SIGKILL');
      });
    }
  };
  const start = async (): Promise<void> => {
    child = spawn('mosquitto', ['-c', file], { stdio: 'ignore', env });
    for (let i = 0; !(await answers(port)); i++) {
      if (i === 200) throw new Error('mosquitto does not listen');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    kill,
    start,
    async remove() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A line to the broker that can be cut: then whoever came over it is dead to all others. */
export async function startLine(url: string): Promise<{ url: string; cut(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `mqtt://127.0.0.1:${portOf(server)}`,
    async cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
