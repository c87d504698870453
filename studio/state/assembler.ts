/** The assembler corner: what is written or opened, and what came of it. */
import { signal } from '@preact/signals';
import type { AssemblerCalls, CodeRow, ModuleFunction, ProgramReport } from '../worker/protocol.ts';
import { givenProgram } from './program.ts';
import { RoomError } from './room-error.ts';
import { createCaller } from './workers.ts';

const worker = createCaller<AssemblerCalls>(
  () => new Worker(new URL('../worker/assembler.ts', import.meta.url), { type: 'module', name: 'assembler' }),
);

export interface OpenModule {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly functions: readonly ModuleFunction[];
}

/** Which example this is; none: something of one's own. */
export const chosenExample = signal('');
export const source = signal('');
/** As `a2=5 f0=1.5`. */
export const registers = signal('');
/** What is run instead of the text, if there is one. */
export const openedModule = signal<OpenModule | undefined>(undefined);
export const chosenFunction = signal('');
export const functionArguments = signal('');

export const rows = signal<readonly CodeRow[]>([]);
export const runReport = signal<ProgramReport | undefined>(undefined);
export const runFailure = signal<RoomError | undefined>(undefined);
export const isRunning = signal(false);

/** What runs longer than this has to be ended from outside. */
const PATIENCE_MS = 30_000;
/** Behind the last key. */
const PAUSE_MS = 400;

/** Where in the text something is wrong, as the assembler's sentence says. */
export const failedLine = (): number | undefined => {
  const line = /^line (\d+):/.exec(runFailure.value?.message ?? '')?.[1];
  return line === undefined ? undefined : Number(line);
};

let latest: object | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Lets the Worker go, with what it does. */
export function rest(): void {
  clearTimeout(timer);
  latest = undefined;
  isRunning.value = false;
  worker.end();
}

/** A fresh Worker for the next run: simulated memories go with the old one at once. */
function renew(): void {
  worker.end();
  worker.warmUp();
}

/** Assembles and runs, or calls the chosen function; what was under way is given up. */
export async function run(): Promise<void> {
  if (isRunning.value) rest();
  clearTimeout(timer);
  const mine = {};
  latest = mine;
  isRunning.value = true;
  const isMine = (): boolean => latest === mine;
  const limit = setTimeout(() => {
    if (isMine()) worker.end(new RoomError(`it was ended after ${PATIENCE_MS / 1000} seconds`, true));
  }, PATIENCE_MS);
  const show = (code: readonly CodeRow[]): void => {
    if (isMine()) rows.value = code;
  };
  const module = openedModule.value;
  const call = module
    ? worker.call(
        'invoke',
        {
          bytes: module.bytes,
          name: chosenFunction.value,
          args: functionArguments.value.split(/[\s,]+/).filter(Boolean),
        },
        show,
      )
    : worker.call('assemble', { source: source.value, registers: registers.value }, show);
  try {
    const report = await call.result;
    if (!isMine()) return;
    rows.value = report.rows;
    runReport.value = report;
    runFailure.value = undefined;
  } catch (error) {
    if (!isMine()) return;
    runFailure.value = error as RoomError;
    runReport.value = undefined;
    if (failedLine() !== undefined) rows.value = [];
  } finally {
    clearTimeout(limit);
    if (isMine()) {
      isRunning.value = false;
      renew();
    }
  }
}

/** Takes what is typed. */
export function writeSource(text: string): void {
  source.value = text;
  chosenExample.value = '';
  runSoon();
}

/** Runs when nothing more is typed for a moment. */
export function runSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void run(), PAUSE_MS);
}

export function openText(text: string, settings = ''): void {
  openedModule.value = undefined;
  source.value = text;
  registers.value = settings;
  void run();
}

/** @param args of its first function; default: ones */
export async function openModuleFile(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  args?: string,
): Promise<void> {
  rest();
  runFailure.value = undefined;
  runReport.value = undefined;
  rows.value = [];
  try {
    const functions = await worker.call('functions', { bytes }).result;
    openedModule.value = { name, bytes, functions };
    chooseFunction(functions[0]?.name ?? '', args);
  } catch (error) {
    runFailure.value = error as RoomError;
  }
}

export function chooseFunction(name: string, args?: string): void {
  chosenFunction.value = name;
  const { params = [] } = openedModule.value?.functions.find((fn) => fn.name === name) ?? {};
  functionArguments.value = args ?? params.map(() => '1').join(' ');
  void run();
}

/** Takes what was dropped on the page. */
export async function takeGiven(): Promise<void> {
  const given = givenProgram.value;
  if (!given) return;
  givenProgram.value = undefined;
  if (/\.wasm$/i.test(given.name))
    await openModuleFile(given.name, new Uint8Array(await given.file.arrayBuffer()));
  else openText(await given.file.text());
}
