/** A terminal on the board's console, with function names beside the addresses of a panic. */
import { type Connection, createLineSplitter, createPanicDecoder } from '../index.ts';

export interface MonitorOptions {
  input: NodeJS.ReadStream;
  output: NodeJS.WritableStream;
  /** Receives the decoded lines; default: the output. */
  onDecoded?: (line: string) => void;
  symbolize?: (address: number) => string | undefined;
}

/** Ctrl-] leaves. */
const LEAVE = 0x1d;
/** With input that is no terminal: how long to listen on after its end. */
const LAST_WORDS_MS = 3000;

/** Joins the terminal and the board until Ctrl-], the end of the input or the end of the connection. */
export async function monitor(connection: Connection, options: MonitorOptions): Promise<'left' | 'lost'> {
  const { input, output, symbolize = () => undefined } = options;
  const decode = createPanicDecoder(symbolize);
  const split = createLineSplitter((line) => {
    const names = decode(line);
    if (names !== undefined) (options.onDecoded ?? ((text) => output.write(`${text}\r\n`)))(names);
  });
  const stopData = connection.onData((bytes) => {
    output.write(bytes);
    split(bytes);
  });
  const raw = input.isTTY === true;
  if (raw) input.setRawMode(true);
  try {
    return await new Promise((resolve) => {
      connection.onClose(() => resolve('lost'));
      input.on('data', (chunk: Uint8Array | string) => {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        if (raw && bytes.includes(LEAVE)) resolve('left');
        else
          void connection
            .write(raw ? bytes : bytes.map((byte) => (byte === 10 ? 13 : byte)))
            .catch(() => resolve('lost'));
      });
      input.once('end', () => setTimeout(() => resolve('left'), LAST_WORDS_MS));
      input.resume();
    });
  } finally {
    stopData();
    if (raw) input.setRawMode(false);
    input.pause();
  }
}
