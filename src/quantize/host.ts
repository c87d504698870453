/** The device program's forward pass and its portable kernels on this machine, as WebAssembly: the chip's numbers, bit for bit. */
import { deviceProgram, formats, scratchOffset } from '../contract/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { windowOf } from './layout.ts';
import type { QuantizedModel } from './types.ts';

export interface HostEngine {
  /** Logits of the token after `token` at `position`; a view that the next call overwrites. */
  forward(token: number, position: number): Float32Array;
  memory: WebAssembly.Memory;
  /** Addresses of blobs and buffers in `memory`. */
  addresses: ReadonlyMap<string, number>;
}

/** Below this lie the device program's own data (tables, globals). */
const FIRST_ADDRESS = 0x10000;
const PAGE = 0x10000;

export interface Placement {
  addresses: Map<string, number>;
  end: number;
}

/** Lays blobs and buffers one behind the other. */
export function placeInOrder(model: QuantizedModel, context: number, first: number): Placement {
  const addresses = new Map<string, number>();
  let end = first;
  for (const { name, align, bytes } of [
    ...model.blobs.map((blob) => ({ ...blob, bytes: blob.bytes.length })),
    ...model.buffers(context),
  ]) {
    end = Math.ceil(end / align) * align;
    addresses.set(name, end);
    end += bytes;
  }
  return { addresses, end };
}

/** A blob's bytes with the addresses of other blobs filled in. */
export function resolveBlob(
  blob: QuantizedModel['blobs'][number],
  addresses: ReadonlyMap<string, number>,
): Uint8Array {
  const bytes = blob.bytes.slice();
  const view = new DataView(bytes.buffer);
  for (const { offset, blob: target } of blob.references)
    view.setUint32(offset, addresses.get(target)!, true);
  return bytes;
}

/** Numbers that the device program imports as `config.NAME` for this model, context and placement. */
export function configOf(
  model: QuantizedModel,
  context: number,
  addresses: ReadonlyMap<string, number>,
): Record<string, number> {
  return {
    ...model.constants,
    context,
    window: windowOf(model.config, context),
    lanes: 0,
    batch: 0,
    lent: 0,
    lentBytes: 0,
    lentCopy: 0,
    lentWords: 0,
    lentCount: 0,
    drafts: 0,
    drafter: 0,
    laneProducts: 0,
    guesses: 0,
    rawKeys: 0,
    growths: 0,
    streamWords: 0,
    linkTx: 0,
    linkRx: 0,
    linkFrame: 0,
    chainTexts: 0,
    linkPatience: 0,
    chainWord: 0,
    scratchBytes: (model.buffers(context).find(({ name }) => name === 'scratch')?.bytes ?? 0) / 2,
    ...Object.fromEntries(
      ['model', ...model.buffers(context).map(({ name }) => name)].map((n) => [n, addresses.get(n)!]),
    ),
  };
}

/** Only what the module asks for: an immutable global for each number. */
function globals(numbers: Record<string, number>): Record<string, WebAssembly.Global> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      new WebAssembly.Global({ value: 'i32', mutable: false }, value),
    ]),
  );
}

/** Sees a kernel's call: runs it with `run`, and may look at memory before and after. */
export type KernelObserver = (name: string, args: readonly number[], run: () => number) => number;

function observed(kernels: WebAssembly.Exports, observer: KernelObserver): WebAssembly.ModuleImports {
  const wrap = (name: string, kernel: (...args: number[]) => number) => {
    return (...args: number[]) => observer(name, args, () => kernel(...args));
  };
  return Object.fromEntries(
    Object.entries(kernels).map(([name, value]) =>
      typeof value === 'function'
        ? [name, wrap(name, value as (...args: number[]) => number)]
        : [name, value],
    ),
  );
}

export interface HostEngineOptions {
  programs: DevicePrograms;
  /** Positions; default: the model's. */
  context?: number;
  observer?: KernelObserver;
}

/** Instantiates the forward pass for a quantised model. */
export function createHostEngine(
  model: QuantizedModel,
  { programs, context = model.config.context, observer }: HostEngineOptions,
): HostEngine {
  const { addresses, end } = placeInOrder(model, context, FIRST_ADDRESS);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  const bytes = new Uint8Array(memory.buffer);
  for (const blob of model.blobs) bytes.set(resolveBlob(blob, addresses), addresses.get(blob.name)!);
  const config = globals({ ...configOf(model, context, addresses), cores: 1, teamwork: 0 });
  const env = {
    memory,
    abort: () => {
      throw new Error('the device program aborted');
    },
  };
  const kernels = new WebAssembly.Instance(new WebAssembly.Module(programs('kernels.wasm')), {
    env,
    config,
  });
  const program = new WebAssembly.Instance(
    new WebAssembly.Module(programs(deviceProgram('transformer', model.precision, model.shape.biased))),
    {
      env,
      config,
      kernel: observer ? observed(kernels.exports, observer) : (kernels.exports as WebAssembly.ModuleImports),
      mmio: { read32: () => 0, write32: () => undefined },
      xt: { ccount: () => 0 },
    },
  );
  const run = program.exports.forward as (token: number, position: number) => void;
  const logits = logitsOf(model, memory, addresses);
  return {
    memory,
    addresses,
    forward(token, position) {
      run(token, position);
      return logits();
    },
  };
}

/** Reads the logits of the last pass as singles; in fixed arithmetic they are whole numbers of a unit that the pass has left. */
function logitsOf(
  { precision, config }: QuantizedModel,
  { buffer }: WebAssembly.Memory,
  addresses: ReadonlyMap<string, number>,
): () => Float32Array {
  const at = addresses.get('logits');
  if (formats[precision].arithmetic === 'float') {
    const floats = new Float32Array(buffer, at, config.vocabulary);
    return () => floats;
  }
  const integers = new Int32Array(buffer, at, config.vocabulary);
  const unit = new Float32Array(buffer, addresses.get('scratch')! + scratchOffset('logitUnit'), 1);
  const floats = new Float32Array(config.vocabulary);
  return () => {
    integers.forEach((logit, i) => {
      floats[i] = Math.fround(logit) * unit[0];
    });
    return floats;
  };
}
