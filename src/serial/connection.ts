/** One way of talking to a board: a serial port, a pseudo-terminal or a TCP address, all the same to what is above. */
import { FailureError } from '../errors.ts';

export interface ControlLines {
  /** Asserted pulls GPIO0 low (download mode) on the usual bridge circuit. */
  dtr?: boolean;
  /** Asserted pulls EN low (reset). */
  rts?: boolean;
}

export interface UsbId {
  vendorId: number;
  productId: number;
}

export interface Connection {
  /** What messages call it. */
  readonly name: string;
  readonly usb?: UsbId;
  /** True where modem lines reach the board's EN and GPIO0; a pseudo-terminal and a TCP connection have none. */
  readonly hasLines: boolean;
  /** What the other side said instead of serving this caller, if it did. */
  refusal?(): string | undefined;
  write(bytes: Uint8Array): Promise<void>;
  /** Calls `listener` with whatever arrives; returns how to stop. */
  onData(listener: (bytes: Uint8Array) => void): () => void;
  /** Calls `listener` once when the other side is gone; returns how to stop. */
  onClose(listener: () => void): () => void;
  /** Sets modem lines; does nothing where the transport carries none. */
  setLines(lines: ControlLines): Promise<void>;
  setBaud(rate: number): Promise<void>;
  close(): Promise<void>;
}

export const DEFAULT_BAUD = 115200;

/** Runs `work`, but fails as soon as the connection is gone. */
export async function whileConnected<T>(connection: Connection, work: Promise<T>): Promise<T> {
  let stop = (): void => {};
  const lost = new Promise<never>((_, reject) => {
    stop = connection.onClose(() => reject(lostError(connection)));
  });
  try {
    return await Promise.race([work, lost]);
  } finally {
    stop();
  }
}

/** The other side is gone. */
export class LostError extends FailureError {}

/** The sentence for a cable that was pulled, or for a caller who was turned away. */
export function lostError({ name, refusal }: Connection): LostError {
  const refused = refusal?.();
  return new LostError(
    `${name}: ${refused ?? 'the connection was lost; plug the board in again and repeat the command'}`,
  );
}
