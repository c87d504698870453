/** A serial port or pseudo-terminal, by the `serialport` package. */
import { SerialPort } from 'serialport';
import { FailureError } from '../../errors.ts';
import { type Connection, type ControlLines, createListeners, createSignal } from '../index.ts';
import { listPorts } from './list.ts';

/** What the system's messages mean, tried in order. */
const OPEN_FAILURES: readonly (readonly [pattern: RegExp, sentence: string])[] = [
  [
    /no such file|file not found|cannot find/i,
    'there is no such port; see `esp32-llm ports` for those that exist',
  ],
  [/permission denied|access denied/i, permissionHint()],
  [
    /inappropriate ioctl|is a directory|invalid argument|not a tty/i,
    'is no serial port; see `esp32-llm ports` for those that exist',
  ],
  [
    /busy|lock|in use|temporarily unavailable/i,
    'the port is in use; close the other program (a monitor, an IDE) and try again',
  ],
];

function permissionHint(): string {
  return process.platform === 'linux'
    ? 'you may not use the port; run `sudo usermod -aG dialout $USER`, log out and in again'
    : 'you may not use the port, or another program has it; close that program and try again';
}

/** One sentence for a port that could not be opened. */
export function describeOpenFailure(path: string, message: string): FailureError {
  const known = OPEN_FAILURES.find(([pattern]) => pattern.test(message));
  return new FailureError(`${path}: ${known ? known[1] : message.replace(/^Error: (Error: )?/, '')}`);
}

/** A pseudo-terminal answers ENOTTY to every question about modem lines. */
const readsLines = (port: SerialPort): Promise<boolean> =>
  new Promise((resolve) => port.get((error) => resolve(!error)));

export async function openSerialPort(path: string, baudRate: number): Promise<Connection> {
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(describeOpenFailure(path, error.message)) : resolve()));
  });
  const usb = (await listPorts()).find((candidate) => candidate.path === path)?.usb;
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  const lines: Required<ControlLines> = { dtr: false, rts: false };
  port.on('data', (bytes: Uint8Array) => data.emit(bytes));
  port.on('error', () => {}); // a lost device closes, which is told below
  port.once('close', () => closed.emit());
  return {
    name: path,
    usb,
    hasLines: await readsLines(port),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        port.write(bytes, (error) => {
          if (error) return reject(error);
          port.drain((drainError) => (drainError ? reject(drainError) : resolve()));
        });
      }),
    onData: data.add,
    onClose: closed.add,
    setLines: (wanted) =>
      new Promise((resolve) => {
        Object.assign(lines, wanted);
        // A pseudo-terminal has no modem lines and answers ENOTTY; there is nothing to set then.
        port.set(lines, () => resolve());
      }),
    setBaud: (rate) =>
      new Promise((resolve, reject) => {
        port.update({ baudRate: rate }, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())),
  };
}
