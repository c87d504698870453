/** After a reset: listens until the program itself says that it runs. Nothing else proves it. */
import { FailureError } from '../errors.ts';
import { type Connection, LostError, lostError } from './connection.ts';
import { openDevice } from './device.ts';
import { hopelessLine } from './hopeless.ts';
import { createLineSplitter } from './lines.ts';
import { createSignal } from './listeners.ts';

export interface ProgramOptions {
  /** Opens the port anew: the chip's own USB goes when the chip is reset and comes again. */
  reopen?: () => Promise<Connection>;
  /** Receives what the board prints meanwhile. */
  onData?: (bytes: Uint8Array) => void;
  /** Milliseconds without a byte after which the program is asked whether it is there. */
  silence?: number;
}

export interface RunningProgram {
  /** The one that was given, or the one that `reopen` gave. */
  connection: Connection;
  /** The program's own first line, or the name of its model where only that was heard. */
  greeting: string;
}

const GREETING = /^esp32-llm \S+ for .+$/;
/** The prompt sign stands at the start of a line, which does not end. */
const READY = /[\r\n]> $/;
const SILENCE_MS = 4000;
const REOPEN_EVERY_MS = 250;
const REOPEN_MS = 15_000;

/** Call before the reset: what comes in the moment of it is heard too. */
export function awaitProgram(connection: Connection, options: ProgramOptions = {}): Promise<RunningProgram> {
  const { reopen, onData, silence = SILENCE_MS } = options;
  return new Promise((resolve, reject) => {
    let current = connection;
    let greeting: string | undefined;
    let tail = '';
    let timer: ReturnType<typeof setTimeout>;
    const over = createSignal();
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      over.emit();
      settle();
    };
    const fail = (error: unknown): void => finish(() => reject(error));
    const split = createLineSplitter((line) => {
      if (GREETING.test(line)) greeting = line;
      const why = hopelessLine(line);
      if (why) fail(new FailureError(`${current.name}: ${why}`));
    });
    const listen = (): void => {
      clearTimeout(timer);
      timer = setTimeout(ask, silence);
    };
    const text = createFrameFilter();
    const hear = (received: Uint8Array): void => {
      listen();
      const bytes = text(received);
      if (bytes.length === 0) return;
      onData?.(bytes);
      split(bytes);
      tail = `${tail}${String.fromCharCode(...bytes)}`.slice(-READY.source.length);
      const said = greeting;
      if (said !== undefined && READY.test(tail))
        finish(() => resolve({ connection: current, greeting: said }));
    };
    /** The greeting may have gone by unheard; a program that runs answers. */
    const ask = async (): Promise<void> => {
      const asked = current;
      leave();
      try {
        const device = await openDevice(asked);
        await device.leave();
        finish(() => resolve({ connection: asked, greeting: `model ${device.ready.model}` }));
      } catch (error) {
        if (error instanceof LostError) followOr(error);
        else
          fail(
            new FailureError(
              `${asked.name}: nothing says that the program runs: press RESET once, without BOOT, and look with \`esp32-llm monitor\``,
            ),
          );
      }
    };
    const followOr = (error: Error): void => {
      clearTimeout(timer);
      if (reopen) comeBack(reopen, over.add).then(attach, fail);
      else fail(error);
    };
    let leave = (): void => {};
    const attach = (next: Connection): void => {
      current = next;
      const stopData = next.onData(hear);
      const stopClose = next.onClose(() => followOr(lostError(next)));
      leave = () => {
        stopData();
        stopClose();
      };
      over.add(leave);
      listen();
    };
    attach(connection);
  });
}

/** The loader's last answers are SLIP frames; a program's text never holds the byte that limits them. */
function createFrameFilter(): (bytes: Uint8Array) => Uint8Array {
  const limit = 0xc0;
  let inFrame = false;
  return (bytes) =>
    bytes.filter((byte) => {
      if (byte === limit) inFrame = !inFrame;
      return byte !== limit && !inFrame;
    });
}

/** The port again, once the computer has found the device anew. */
async function comeBack(
  reopen: () => Promise<Connection>,
  onOver: (listener: () => void) => void,
): Promise<Connection> {
  let isOver = false;
  onOver(() => (isOver = true));
  const end = performance.now() + REOPEN_MS;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REOPEN_EVERY_MS));
    try {
      return await reopen();
    } catch (error) {
      if (isOver || performance.now() > end)
        throw error instanceof Error ? error : new LostError(String(error));
    }
  }
}
