/**
 * A board behind a transport without modem lines (TCP, pseudo-terminal): a flashing tool cannot press BOOT and RESET there, so a SYNC
 * packet on the line does it, and the end of the connection presses RESET again.
 */
import type { Connection } from '../serial/index.ts';
import type { SimulatedBoard } from './board.ts';

/** Begin of the data of a SYNC command (docs/esp32-s3.md C9.9): 07 07 12 20 and then many 55. */
const SYNC = [0x07, 0x07, 0x12, 0x20, 0x55, 0x55, 0x55, 0x55];

/** Joins a caller's transport to the board's UART until the caller hangs up. Returns how to part them. */
export function joinLine(board: SimulatedBoard, caller: Connection): () => void {
  let downloading = false;
  let matched = 0;
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
  const stops = [
    board.connection.onData((bytes) => void caller.write(bytes).catch(() => {})),
    caller.onData((bytes) => {
      if (!downloading && isSync(bytes)) {
        downloading = true;
        board.reset('download'); // the tool repeats its SYNC until the loader answers
      } else void board.connection.write(bytes);
    }),
    caller.onClose(() => part()),
  ];
  let parted = false;
  const part = (): void => {
    if (parted) return;
    parted = true;
    for (const stop of stops) stop();
    if (downloading) board.reset('run');
  };
  return part;
}
