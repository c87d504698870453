/** A board that is not there, behind a serial line: the very machine that a port leads to, in a Worker. */
import { createSimulatedBoard, type SimulatedBoard } from '../../src/board/simulated/index.ts';
import { FLASH_SIZES, findBoard, withMemory } from '../../src/chip/boards/index.ts';
import type { FromBoard, ToBoard } from './protocol.ts';

interface Scope {
  onmessage: ((event: MessageEvent<ToBoard>) => void) | null;
  postMessage(message: FromBoard): void;
}

const scope = self as unknown as Scope;
const FRAME_MS = 33;
let board: SimulatedBoard | undefined;
let shown = 0;
let before = '';

function start({ board: id, flashMegabytes }: { board: string; flashMegabytes?: number }): void {
  const flashSize = FLASH_SIZES.find((size) => size === flashMegabytes);
  const kind = withMemory(findBoard(id), flashSize === undefined ? {} : { flashSize });
  const running = createSimulatedBoard({
    board: kind,
    onFault: (error) => scope.postMessage({ fault: String(error) }),
    onActivity: () => showScreen(running),
  });
  running.connection.onData((bytes) => scope.postMessage({ bytes }));
  board = running;
}

function showScreen({ chip }: SimulatedBoard): void {
  if (!chip.screen || performance.now() - shown < FRAME_MS) return;
  shown = performance.now();
  const pixels = chip.screen.pixels();
  const now = pixels.join('');
  if (now === before) return;
  before = now;
  scope.postMessage({ pixels: Uint8Array.from(pixels) });
}

scope.onmessage = ({ data }) => {
  if ('start' in data) start(data.start);
  else if ('bytes' in data) void board?.connection.write(data.bytes);
  else void board?.connection.setLines(data.lines);
};
