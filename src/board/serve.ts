/** Serves a simulated board's UART0 as a TCP socket and, where the system has them, as a pseudo-terminal. */
import { writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { ReadStream } from 'node:tty';
import { FailureError } from '../errors.ts';
import { type Connection, createListeners } from '../serial/index.ts';
import { ENGAGED, socketConnection } from '../serial/node/index.ts';
import { joinLine } from './line-in.ts';
import type { SimulatedBoard } from './simulated/index.ts';

export interface Served {
  /** TCP port, when one is served. */
  port: number;
  close(): Promise<void>;
}

/** One caller at a time, as on a cable: a later one is turned away with a sentence. Loopback only. */
export async function serveTcp(board: SimulatedBoard, port: number): Promise<Served> {
  let part: (() => void) | undefined;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (part) {
      socket.on('error', () => {});
      socket.end(`${ENGAGED}\r\n`);
      return;
    }
    const caller = socketConnection(socket, 'tcp');
    const leave = joinLine(board, caller);
    part = leave;
    caller.onClose(() => {
      part = undefined;
    });
  });
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        part?.();
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const reason =
        code === 'EADDRINUSE' ? 'is in use; choose another with --tcp' : `cannot be served: ${message}`;
      reject(new FailureError(`TCP port ${port} ${reason}`));
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

export interface ServedTerminal {
  /** What programs open. */
  path: string;
  close(): void;
}

/** Nobody hangs up on a pseudo-terminal: flashing tools that say nothing for so long have gone. */
const QUIET_MS = 5000;

/** A pseudo-terminal in front of the board; undefined where there are none. */
export async function servePseudoTerminal(
  board: SimulatedBoard,
  quietMs = QUIET_MS,
): Promise<ServedTerminal | undefined> {
  if (process.platform === 'win32') return undefined;
  const pty = await import('@lydell/node-pty').catch(() => undefined); // an optional dependency
  if (!pty) return undefined;
  const terminal = openPair(pty);
  const data = createListeners<Uint8Array>();
  terminal.master.on('data', (bytes: Uint8Array) => data.emit(bytes));
  terminal.master.on('error', () => {});
  const caller: Connection = {
    name: terminal.path,
    hasLines: false,
    write: async (bytes) => terminal.write(bytes),
    onData: data.add,
    onClose: () => () => {},
    setLines: async () => {},
    setBaud: async () => {},
    close: async () => {},
  };
  const part = joinLine(board, caller, { quietMs });
  return {
    path: terminal.path,
    close() {
      part();
      terminal.close();
    },
  };
}

interface PseudoTerminalPair {
  master: NodeJS.ReadableStream;
  write(bytes: Uint8Array): void;
  close(): void;
  path: string;
}

/** node-pty opens a bare pair by a function that its type declarations leave out. */
function openPair(pty: object): PseudoTerminalPair {
  const { open } = pty as {
    open(options: { encoding: null }): { master: ReadStream; slave: ReadStream; ptsName: string; fd: number };
  };
  const { master, slave, ptsName, fd } = open({ encoding: null });
  // Held open, so that the pair outlives its callers, but not read; raw, or it would echo the board's output back as input.
  slave.pause();
  slave.setRawMode(true);
  const close = (): void => {
    slave.destroy();
    master.destroy();
  };
  return { master, path: ptsName, write: (bytes) => writeOrDrop(fd, bytes), close };
}

/** Without a reader the terminal's buffer fills up; what does not fit is lost, as on a cable that nobody listens to. */
function writeOrDrop(fd: number, bytes: Uint8Array): void {
  try {
    writeSync(fd, bytes); // the descriptor does not block; the stream above it would
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}
