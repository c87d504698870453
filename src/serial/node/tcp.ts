/** A board behind a TCP address (the simulated board, or a serial server). It has no modem lines and no rate. */
import { connect, type Socket } from 'node:net';
import { FailureError } from '../../errors.ts';
import { type Connection, createListeners, createSignal } from '../index.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** What a board that serves somebody already says to the next caller. */
export const ENGAGED = 'another program is connected to this board';

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there; start the board first (esp32-llm board --tcp PORT)',
  ENOTFOUND: 'no such host; check the name',
  EHOSTUNREACH: 'the host cannot be reached',
  ETIMEDOUT: 'no answer',
};

export function openTcp(host: string, port: number): Promise<Connection> {
  const name = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new FailureError(`${name}: ${reason}`));
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => fail('no answer within five seconds'));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => fail(REASONS[code ?? ''] ?? message));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      resolve(socketConnection(socket, name));
    });
  });
}

/** A connected socket as a {@link Connection}. */
export function socketConnection(socket: Socket, name: string): Connection {
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  let greeting = '';
  socket.on('data', (bytes) => {
    if (greeting.length < ENGAGED.length) greeting += bytes.toString('latin1');
    data.emit(bytes);
  });
  socket.on('error', () => {}); // a reset connection closes, which is told below
  socket.once('close', () => closed.emit());
  return {
    name,
    hasLines: false,
    refusal: () => (greeting.startsWith(ENGAGED) ? `${ENGAGED}; close it there and try again` : undefined),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    onData: data.add,
    onClose: closed.add,
    setLines: async () => {},
    setBaud: async () => {},
    close: () =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve();
        socket.once('close', () => resolve());
        socket.end();
        setTimeout(() => socket.destroy(), 200).unref();
      }),
  };
}
