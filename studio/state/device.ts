/** A board on a serial port, real or simulated: identified, written, verified, started, talked to. */
import { signal } from '@preact/signals';
import { latin1 } from '../../src/bytes.ts';
import { storyLines } from '../../src/contract/index.ts';
import type {
  BrowserSerialPort,
  ChipIdentity,
  Connection,
  Device,
  Verification,
} from '../../src/serial/index.ts';
import { board, imageChoice, question } from './address.ts';
import { RoomError } from './room-error.ts';
import type { SimulatedPort } from './simulated-port.ts';
import { type Stage, type Trouble, trouble, troubleOf } from './trouble.ts';
import { lab } from './workers.ts';

export interface Exchange {
  prompt: string;
  answer: string;
  tokensPerSecond?: number;
  digest?: string;
}

export const stage = signal<Stage>('none');
export const identity = signal<ChipIdentity | undefined>(undefined);
/** 0 to 1. */
export const written = signal(0);
export const greeting = signal<string | undefined>(undefined);
export const deviceFailure = signal<Error | undefined>(undefined);
export const exchanges = signal<readonly Exchange[]>([]);
export const isTelling = signal(false);
export const verification = signal<Verification | undefined>(undefined);
export const isVerifying = signal(false);
export const isSimulated = signal(false);
export const boardPixels = signal<Uint8Array | undefined>(undefined);

/** Web Serial, where the browser has it. */
interface Serial {
  requestPort(): Promise<BrowserSerialPort>;
  getPorts(): Promise<BrowserSerialPort[]>;
}
const serialOf = (): Serial | undefined => (navigator as { serial?: Serial }).serial;
export const hasSerial = (): boolean => serialOf() !== undefined;

const BAUD = 921_600;

let connection: Connection | undefined;
let device: Device | undefined;
let simulated: SimulatedPort | undefined;
let decide: ((write: boolean) => void) | undefined;
/** What came over the port, the end of it. */
let heard = '';
const HEARD = 2000;

/** Everything that talks to boards comes when a board does. */
const room = () => import('../../src/serial/index.ts');

/** Writes what was asked for, or leaves the board as it is. */
export const answerWrite = (write: boolean): void => decide?.(write);

/** Pulls the simulated board's cable. */
export const unplugSimulated = (): void => simulated?.unplug();

/** A port that the user picks; undefined where none was. */
async function requestPort(): Promise<BrowserSerialPort | undefined> {
  try {
    return await serialOf()!.requestPort();
  } catch (error) {
    const { name, message } = error as DOMException;
    trouble.value = name === 'NotFoundError' ? 'unlisted' : 'refused';
    if (name === 'NotFoundError') return undefined;
    const { FailureError } = await import('../../src/errors.ts');
    throw new FailureError(`the browser does not let this page use serial ports (${message})`);
  }
}

/** A chip's own USB comes back as another port after a reset; permission for it stays. */
const reopenLike = (usb: Connection['usb']) => async (): Promise<Connection> => {
  const { openBrowserPort } = await room();
  const ports = await serialOf()!.getPorts();
  const port = ports.find(({ getInfo }) => getInfo().usbProductId === usb?.productId) ?? ports[0];
  return openBrowserPort(port);
};

export async function connectReal(write: boolean): Promise<void> {
  await leave();
  isSimulated.value = false;
  await guarded(async () => {
    const port = await requestPort();
    if (port) await begin(port, write);
  });
}

export async function connectSimulated(flashMegabytes?: number): Promise<void> {
  await leave();
  isSimulated.value = true;
  await guarded(async () => {
    const { createSimulatedPort } = await import('./simulated-port.ts');
    boardPixels.value = undefined;
    simulated = createSimulatedPort({
      board: board.value,
      flashMegabytes,
      onScreen: (pixels) => {
        boardPixels.value = pixels;
      },
    });
    await begin(simulated.port, true);
  });
}

/** Puts what goes wrong where the page shows it, and lets the port go. */
async function guarded(work: () => Promise<void>): Promise<void> {
  deviceFailure.value = undefined;
  trouble.value = undefined;
  try {
    await work();
  } catch (error) {
    trouble.value ??= await whatKeeps(error);
    await leave();
    deviceFailure.value = error as Error;
  }
}

/** What has to do with the board, of what may have gone wrong. */
async function whatKeeps(error: unknown): Promise<Trouble | undefined> {
  const loaded = await room().catch(() => undefined);
  if (!loaded || error instanceof RoomError) return undefined;
  const isLost = error instanceof loaded.LostError;
  return troubleOf({
    stage: stage.value,
    isLost,
    isOpen: connection !== undefined,
    identity: identity.value,
    wasHeard: heard !== '',
    isInLoader: loaded.isInLoader(heard),
  });
}

async function begin(port: BrowserSerialPort, write: boolean): Promise<void> {
  stage.value = 'connecting';
  const { openBrowserPort, openDevice } = await room();
  heard = '';
  connection = await openBrowserPort(port, { name: isSimulated.value ? 'the simulated board' : 'the board' });
  connection.onData((bytes) => {
    heard = `${heard}${latin1(bytes)}`.slice(-HEARD);
  });
  if (write) await flash(connection);
  device = await openDevice(connection!);
  greeting.value ??= device.ready.model;
  stage.value = 'running';
}

async function flash(target: Connection): Promise<void> {
  const { awaitProgram, flashBoard, isNativeUsb } = await room();
  const image = await lab.call('image', imageChoice()).result;
  let running: ReturnType<typeof awaitProgram> | undefined;
  await flashBoard(target, [{ address: 0, data: image.flash }], {
    needs: image.needs,
    baud: BAUD,
    onIdentity: (found) => {
      identity.value = found;
    },
    async mayWrite() {
      stage.value = 'identified';
      const write = await new Promise<boolean>((resolve) => {
        decide = resolve;
      });
      if (write) stage.value = 'writing';
      return write;
    },
    onProgress: (done, total) => {
      written.value = done / total;
    },
    onRestart() {
      stage.value = 'starting';
      running = awaitProgram(target, { reopen: isNativeUsb(target) ? reopenLike(target.usb) : undefined });
      running.catch(() => {}); // told below
    },
  });
  const started = await running!;
  connection = started.connection;
  greeting.value = started.greeting;
}

/** Lets go of the board, whatever it does. */
export async function leave(): Promise<void> {
  const [open, talking] = [connection, device];
  connection = undefined;
  device = undefined;
  decide?.(false);
  decide = undefined;
  stage.value = 'none';
  identity.value = undefined;
  greeting.value = undefined;
  written.value = 0;
  exchanges.value = [];
  verification.value = undefined;
  isTelling.value = false;
  isVerifying.value = false;
  await talking?.leave().catch(() => {});
  await open?.close().catch(() => {});
  simulated?.unplug();
  simulated = undefined;
}

export async function tellOnBoard(): Promise<void> {
  const talking = device;
  if (!talking || isTelling.value) return;
  isTelling.value = true;
  await guarded(async () => {
    const { tokensPerSecond } = await room();
    const { board: _, precision: __, context: ___, prompt: asked, ...settings } = question();
    for (const line of storyLines(settings)) await talking.command(line);
    const bytes: number[] = [];
    const show = (more: Partial<Exchange>): void => {
      const answer = new TextDecoder().decode(Uint8Array.from(bytes));
      exchanges.value = [...exchanges.value.slice(0, -1), { prompt: asked, answer, ...more }];
    };
    exchanges.value = [...exchanges.value, { prompt: asked, answer: '' }];
    const { end } = await talking.tell(asked, ({ text }) => {
      bytes.push(...Array.from(text, (character) => character.charCodeAt(0)));
      show({});
    });
    show({ tokensPerSecond: tokensPerSecond(end), digest: end.digest });
  });
  isTelling.value = false;
}

export const stopOnBoard = (): void => void device?.stop();

/** The same question to the board and to the simulator. */
export async function verifyDevice(): Promise<void> {
  const talking = device;
  if (!talking) return;
  isVerifying.value = true;
  await guarded(async () => {
    const { verifyBoard } = await room();
    verification.value = await verifyBoard(talking, await lab.call('expect', question()).result);
  });
  isVerifying.value = false;
}
