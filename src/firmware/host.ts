/**
 * The whole device program on this machine: the same console, tokenizer, forward pass and sampler as on the chip, compiled to
 * WebAssembly, with a UART made of two queues. Same prompt and seed, same digest.
 */
import { deviceProgram, formats } from '../contract/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import type { Tokenizer } from '../model/index.ts';
import { configOf, type QuantizedModel, resolveBlob, windowOf } from '../quantize/index.ts';
import { binding, readyText } from './banner.ts';
import { drafterContents, drafterContext, drafterNumbers, drafterParts } from './drafter.ts';
import { roundUp } from './memory.ts';
import { passesMemory } from './plan-items.ts';
import { screenConstants } from './screen/index.ts';
import { readStatus, type Status, tokenCount } from './status.ts';
import { type GrammarMemory, systemConstants, systemItems } from './system.ts';

export interface HostProgramOptions extends GrammarMemory {
  programs: DevicePrograms;
  model: QuantizedModel;
  tokenizer: Tokenizer;
  /** As programs are told. */
  modelName?: string;
  /** Positions; default: the model's. */
  context?: number;
  /** Positions of a prompt that are read in one pass, as a board with memory for it does; default: one by one. */
  lanes?: number;
  /** Tokens that are guessed ahead at most, less than there are lanes; default: none. */
  drafts?: number;
  /** The model that guesses them; default: they come from the text so far. */
  drafter?: QuantizedModel;
  /** Keep what a prompt has in common with the text before, instead of reading it again; default true. */
  history?: boolean;
  /** Receives what the program prints, byte by byte as it would leave UART0. */
  output?: (bytes: Uint8Array) => void;
}

export interface HostProgram {
  /** Types text or bytes; they are handled by the following steps. */
  type(input: string | Uint8Array): void;
  /** One typed byte handled or one token made; false when there is nothing to do. */
  step(): boolean;
  /** Steps until the program waits for input. */
  settle(): void;
  readonly status: Status;
  /** Token ids of the last story. */
  readonly tokens: Int32Array;
  /** Token ids of its prompt, the start token included. */
  readonly prompt: Int32Array;
}

/** Below this lie the program's own constants. */
const FIRST_ADDRESS = 0x10000;
const PAGE = 0x10000;
const CYCLES_PER_MS = 240_000;
const FIFO = 0x60000000;
const UART_STATUS = 0x6000001c;
const RANDOM = 0x6003507c;

interface Uart {
  received: number[];
  sent: number[];
}

/** UART0 by its registers; everything else reads as 0. */
function registers(uart: Uart): WebAssembly.ModuleImports {
  return {
    read32(address: number): number {
      const register = address >>> 0;
      if (register === UART_STATUS) return Math.min(uart.received.length, 128);
      if (register === FIFO) return uart.received.shift() ?? 0;
      if (register === RANDOM) return Math.floor(Math.random() * 2 ** 32);
      return 0;
    },
    write32(address: number, value: number): void {
      if (address >>> 0 === FIFO) uart.sent.push(value & 0xff);
    },
  };
}

const globals = (numbers: Record<string, number>): WebAssembly.ModuleImports =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, new WebAssembly.Global({ value: 'i32' }, value)]),
  );

/** Lays the model and the working memory one behind the other. */
function layOut({
  model,
  tokenizer,
  grammar,
  grammarRoom,
  template,
  lanes = 0,
  drafts = 0,
  drafter,
  history = true,
  context = model.config.context,
}: HostProgramOptions) {
  const isFixed = formats[model.precision].arithmetic === 'fixed';
  const rewinds = isFixed && windowOf(model.config, context) === 0;
  const passes = { lanes, drafts: rewinds ? drafts : 0, history: history && rewinds };

  const items = [
    ...model.blobs.map((blob) => ({ ...blob, size: blob.bytes.length })),
    ...model.buffers(context).map((buffer) => ({ ...buffer, size: buffer.bytes })),
    ...systemItems(model.config, tokenizer, context, { grammar, grammarRoom, template }).map((item) => ({
      ...item,
      size: item.bytes,
    })),
    ...(drafter ? drafterParts(drafter, context) : []).map((part) => ({ ...part, size: part.bytes })),
    ...passesMemory(model, passes, context).map(({ name, bytes }) => ({ name, align: 16, size: bytes })),
  ];
  const addresses = new Map<string, number>();
  let end = FIRST_ADDRESS;
  for (const { name, align, size } of items) {
    addresses.set(name, roundUp(end, align));
    end = addresses.get(name)! + size;
  }
  return { addresses, end, context, drafts: passes.drafts };
}

/** Numbers for the chip's side of the program, which does not run here. */
const NO_CHIP = {
  cores: 1,
  clockMegahertz: 240,
  zeroRangeCount: 0,
  earlyRangeCount: 0,
  flashOffset: 0,
  flashPages: 0,
  psramPages: 0,
  copiedBytes: 0,
  psramKind: 0,
  psramMegahertz: 0,
  entry1: 0,
  ...screenConstants(undefined),
};

/** What the program imports and does not call. */
const NO_DRAFTER: WebAssembly.ModuleImports = {
  share: () => undefined,
  next: () => 0,
};

export function createHostProgram(options: HostProgramOptions): HostProgram {
  const { model, tokenizer, programs, output } = options;
  const { addresses, end, context, drafts } = layOut(options);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  const bytes = new Uint8Array(memory.buffer);
  for (const blob of model.blobs) bytes.set(resolveBlob(blob, addresses), addresses.get(blob.name));
  const { drafter } = options;
  if (drafter)
    for (const [name, contents] of drafterContents(drafter, addresses))
      bytes.set(contents, addresses.get(name));
  for (const item of systemItems(model.config, tokenizer, context, options)) {
    if (item.contents) bytes.set(item.contents, addresses.get(item.name));
  }

  const ready = new TextEncoder().encode(
    readyText(options.modelName ?? 'host', { context, map: '0'.repeat(16), ...binding(options) }),
  );
  bytes.set(ready, addresses.get('readyLine'));

  const uart: Uart = { received: [], sent: [] };
  let cycles = 0;
  const env = { memory };
  const kernelModule = new WebAssembly.Module(programs('kernels.wasm'));
  const kernels = (config: WebAssembly.ModuleImports): WebAssembly.ModuleImports =>
    new WebAssembly.Instance(kernelModule, { env, config }).exports as WebAssembly.ModuleImports;
  const numbers = {
    grammar: 0,
    grammarRoom: 0,
    knownWords: 0,
    until: 0,
    grammarRoomBytes: options.grammarRoom ?? 0,
    ...Object.fromEntries(addresses),
    ...configOf(model, context, addresses),
    lanes: options.lanes ?? 0,
    batch: addresses.get('batch')!,
    drafts,
    laneProducts: addresses.get('laneProducts') ?? 0,
    guesses: addresses.get('guesses')!,
    rawKeys: addresses.get('rawKeys') ?? 0,
    growths: addresses.get('growths') ?? 0,
    drafter: drafter ? drafterContext(drafter, context) : 0,
    ...systemConstants(tokenizer, options),
    ...NO_CHIP,
  };
  const startDrafter = (small: QuantizedModel): WebAssembly.ModuleImports => {
    const config = globals({ ...numbers, ...drafterNumbers(small, context, addresses) });
    const imports = { env, config, kernel: kernels(config), mmio: registers(uart) };
    return new WebAssembly.Instance(new WebAssembly.Module(programs('draft.wasm')), imports)
      .exports as WebAssembly.ModuleImports;
  };
  const draft = drafter ? startDrafter(drafter) : NO_DRAFTER;
  const config = globals(numbers);
  const program = new WebAssembly.Instance(
    new WebAssembly.Module(programs(deviceProgram('main.host', model.precision, model.shape.biased))),
    {
      env,
      config,
      kernel: kernels(config),
      draft,
      mmio: registers(uart),
      // Real time, in cycles of the clock that the program is told of; every look finds it a bit later, so that bounded waits end.
      xt: {
        ccount: () => (cycles = Math.max(cycles + 1, Math.floor(performance.now() * CYCLES_PER_MS))) | 0,
      },
    },
  );
  const { start, step } = program.exports as { start: () => void; step: () => number };
  const send = (): void => {
    if (uart.sent.length > 0) output?.(Uint8Array.from(uart.sent.splice(0)));
  };
  start();
  send();

  const host: HostProgram = {
    type(input) {
      uart.received.push(...(typeof input === 'string' ? new TextEncoder().encode(input) : input));
    },
    step() {
      const busy = step() !== 0;
      send();
      return busy;
    },
    settle() {
      while (host.step()) {}
    },
    get status() {
      return readStatus(bytes.subarray(addresses.get('status')));
    },
    get prompt() {
      const { promptTokens } = host.status;
      return new Int32Array(memory.buffer, addresses.get('promptTokens'), promptTokens).slice();
    },
    get tokens() {
      return new Int32Array(memory.buffer, addresses.get('storyTokens'), context).slice(
        0,
        tokenCount(host.status),
      );
    },
  };
  return host;
}
