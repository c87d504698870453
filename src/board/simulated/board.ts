/**
 * A simulated board that stays up: a chip that runs by itself, its UART0 as a {@link Connection}, its reset and boot lines wired the
 * way development boards wire them.
 */
import type { Board } from '../../chip/boards/index.ts';
import { type Chip, createChip } from '../../chip/soc/index.ts';
import { type Connection, type ControlLines, createListeners, createSignal } from '../../serial/index.ts';
import { soon } from './soon.ts';
import { plugUsb } from './usb-cable.ts';

export interface SimulatedBoardOptions {
  board: Board;
  /** Contents of the flash from address 0. */
  flash?: Uint8Array;
  /** The chip's own mask ROM, as `readRomImage` gives it. */
  rom?: Uint8Array;
  /** Something was sent, received or drawn: a moment to save the flash or show the screen. */
  onActivity?: () => void;
  /** Told once, when the simulator comes to something it cannot do; the board stands still then. */
  onFault?: (error: unknown) => void;
}

export interface SimulatedBoard {
  chip: Chip;
  /** The computer's end of UART0, modem lines included. */
  connection: Connection;
  /** Plugs a computer into the chip's own USB, whose lines and re-enumeration are the USB-Serial-JTAG's. */
  plugUsb(): Connection;
  /** Presses RESET, with BOOT held down meanwhile or not. */
  reset(mode: 'run' | 'download'): void;
  /** Stops the clock for good. */
  stop(): void;
}

/** Cycles that run between two looks at the host's events: a few milliseconds of work. */
const SLICE_CYCLES = 400_000;
/** Cycles between two looks at what was sent: half a byte's at 115,200 baud. Shorter pieces keep the cores from taking their turns by the dozen. */
const PIECE_CYCLES = 10_000;
/** A byte that was sent waits no longer for the rest of a slice, which may take long where code runs for the first time. */
const PATIENCE_MS = 10;
/** Simulated seconds without a byte on the line, after which the board only dozes. */
const IDLE_SECONDS = 0.3;
/** While dozing, the pause between slices. */
const DOZE_MS = 15;
/** Simulated time keeps to the clock on the wall where the host is fast enough; a lag of this many seconds is written off. */
const WRITE_OFF_SECONDS = 0.1;
/** The capacitor at EN lets the chip start only after the boot line has settled. */
const RESET_RISE_MS = 2;

/** Keeps simulated time from running ahead of the wall's. @returns by how many seconds it is ahead */
function createPace(chip: Chip): () => number {
  let anchor = { simulated: 0, wall: performance.now() / 1000 };
  return () => {
    const now = performance.now() / 1000;
    const ahead = chip.seconds - anchor.simulated - (now - anchor.wall);
    if (ahead < -WRITE_OFF_SECONDS) anchor = { simulated: chip.seconds, wall: now };
    return ahead;
  };
}

/** What leaves the chip by its UART and by its USB, until it is handed on. */
function createOutput(chip: Chip) {
  const [uart, usb]: [number[], number[]] = [[], []];
  const toHost = createListeners<Uint8Array>();
  const usbToHost = createListeners<Uint8Array>();
  chip.uart0.onOutput((byte) => uart.push(byte));
  chip.usb.onOutput((byte) => usb.push(byte));
  return {
    onUart: toHost.add,
    onUsb: usbToHost.add,
    /** Bytes that wait. */
    waiting: () => uart.length + usb.length,
    flush() {
      if (uart.length > 0) toHost.emit(Uint8Array.from(uart.splice(0)));
      if (usb.length > 0) usbToHost.emit(Uint8Array.from(usb.splice(0)));
    },
  };
}

interface RunnerOptions {
  readonly chip: Chip;
  readonly output: ReturnType<typeof createOutput>;
  /** Whether EN is held low. */
  inReset(): boolean;
  onActivity?(): void;
  /** The simulator has come to something it cannot do. */
  onFault(error: unknown): void;
}

/** Lets the chip run, a slice at a time, from now on. */
function createRunner({ chip, output, inReset, onActivity, onFault }: RunnerOptions) {
  const aheadSeconds = createPace(chip);
  let lastByte = 0;
  let stopped = false;

  const flush = (): void => {
    if (output.waiting() === 0) return;
    lastByte = chip.seconds;
    output.flush();
    onActivity?.();
  };
  const slice = (): void => {
    if (stopped) return;
    const began = performance.now();
    const isDue = (): boolean => {
      const waiting = output.waiting();
      return waiting >= 64 || (waiting > 0 && performance.now() - began > PATIENCE_MS);
    };
    try {
      for (let left = inReset() ? 0 : SLICE_CYCLES; left > 0 && !isDue(); left -= PIECE_CYCLES)
        chip.run({ maxCycles: PIECE_CYCLES });
    } catch (error) {
      stopped = true;
      flush();
      onFault(error);
      return;
    }
    flush();
    const dozes = inReset() || chip.seconds - lastByte > IDLE_SECONDS;
    const pause = Math.max(dozes ? DOZE_MS : 0, Math.floor(aheadSeconds() * 1000));
    callOff = pause > 0 ? later(slice, pause) : soon(slice);
  };
  /** Calls off the next slice. */
  let callOff = soon(slice);

  return {
    /** There is something to do: no pause. */
    wake() {
      lastByte = chip.seconds;
      if (stopped) return;
      callOff();
      callOff = soon(slice);
    },
    stop() {
      stopped = true;
    },
  };
}

/** The two-transistor circuit: EN low when RTS alone is asserted, GPIO0 low when DTR alone is. */
function createResetCircuit(reset: (mode: 'run' | 'download') => void) {
  const lines: Required<ControlLines> = { dtr: false, rts: false };
  let inReset = false;
  return {
    inReset: () => inReset,
    setLines(wanted: ControlLines) {
      Object.assign(lines, wanted);
      if (lines.rts && !lines.dtr) {
        inReset = true;
        return;
      }
      if (!inReset) return;
      setTimeout(() => {
        if (lines.rts && !lines.dtr) return; // pulled low again in the meantime
        inReset = false;
        reset(lines.dtr && !lines.rts ? 'download' : 'run');
      }, RESET_RISE_MS);
    },
  };
}

export function createSimulatedBoard(options: SimulatedBoardOptions): SimulatedBoard {
  const chip = createChip({ board: options.board, flash: options.flash, rom: options.rom });
  const output = createOutput(chip);
  const closed = createSignal();
  const reset = (mode: 'run' | 'download'): void => {
    chip.setBootPin(mode === 'download' ? 0 : 1);
    chip.reset();
    chip.setBootPin(1);
    runner.wake();
  };
  const circuit = createResetCircuit(reset);
  const runner = createRunner({
    chip,
    output,
    inReset: circuit.inReset,
    onActivity: options.onActivity,
    onFault(error) {
      options.onFault?.(error);
      closed.emit();
    },
  });
  const type = (bytes: Uint8Array, into: { receive(bytes: Uint8Array): void }): void => {
    into.receive(bytes);
    runner.wake();
    options.onActivity?.();
  };

  return {
    chip,
    reset,
    stop: runner.stop,
    plugUsb: () =>
      plugUsb(chip, {
        name: `USB of the simulated ${options.board.name}`,
        onData: output.onUsb,
        write: async (bytes) => type(bytes, chip.usb),
        wake: runner.wake,
      }),
    connection: {
      name: `simulated ${options.board.name}`,
      hasLines: true,
      write: async (bytes) => type(bytes, chip.uart0),
      onData: output.onUart,
      onClose: closed.add,
      setLines: async (wanted) => circuit.setLines(wanted),
      setBaud: async () => {},
      close: async () => {},
    },
  };
}

function later(task: () => void, milliseconds: number): () => void {
  const timer = setTimeout(task, milliseconds);
  return () => clearTimeout(timer);
}
