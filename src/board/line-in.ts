/**
 * A board behind a transport without modem lines (TCP, pseudo-terminal): a flashing tool cannot press BOOT and RESET there, so a SYNC
 * packet on the line does it, and the end of the connection presses RESET again.
 */
import type { Connection } from '../serial/index.ts';
import type { SimulatedBoard } from './simulated/index.ts';

/** Begin of the data of a SYNC command (docs/esp32-s3.md C9.9): 07 07 12 20 and then many 55. */
const SYNC = [0x07, 0x07, 0x12, 0x20, 0x55, 0x55, 0x55, 0x55];

/** GPIO0's bit in GPIO_STRAP: low in download mode. */
const GPIO0 = 0x8;

/** Whether a board's loader listens, not its program. */
export const isDownloading = ({ chip }: SimulatedBoard): boolean =>
  (chip.peripherals.gpio.strap & GPIO0) === 0;

export interface LineOptions {
  /**
   * For a transport that cannot hang up: milliseconds without a byte from the caller after which a board in download mode counts as left
   * alone. Every tool talks more often.
   */
  quietMs?: number;
}

/** Joins a caller's transport to the board's UART until the caller hangs up. Returns how to part them. */
export function joinLine(
  board: SimulatedBoard,
  caller: Connection,
  { quietMs }: LineOptions = {},
): () => void {
  /** This caller pressed BOOT and RESET; a program, once started, is nobody's to stop. */
  let pressed = false;
  let matched = 0;
  let quiet: NodeJS.Timeout | undefined;
  let parted = false;
  const isSync = (bytes: Uint8Array): boolean => {
    for (const byte of bytes) {
      matched = byte === SYNC[matched] ? matched + 1 : byte === SYNC[0] ? 1 : 0;
      if (matched === SYNC.length) {
        matched = 0;
        return true;
      }
    }
    return false;
  };
  const leaveDownload = (): void => {
    clearTimeout(quiet);
    if (pressed && isDownloading(board)) board.reset('run');
    pressed = false;
  };
  const take = (bytes: Uint8Array): void => {
    if (!isDownloading(board) && isSync(bytes)) {
      pressed = true;
      board.reset('download'); // the tool repeats its SYNC until the loader answers
    } else void board.connection.write(bytes);
    if (quietMs === undefined || !pressed) return;
    clearTimeout(quiet);
    quiet = setTimeout(leaveDownload, quietMs);
    quiet.unref();
  };
  const stops = [
    board.connection.onData((bytes) => void caller.write(bytes).catch(() => {})),
    caller.onData(take),
    caller.onClose(() => part()),
  ];
  const part = (): void => {
    if (parted) return;
    parted = true;
    for (const stop of stops) stop();
    leaveDownload();
  };
  return part;
}
