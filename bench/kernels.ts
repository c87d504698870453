/** Cycles of every kernel on the simulated core, with the sizes that a token of stories260K has at position 127. */
import { attentionJob, placeFields } from '../src/contract/index.ts';
import { createKernelMachine, DATA } from '../src/kernels/testing.ts';

interface Shape {
  dim: number;
  hidden: number;
}

interface Row {
  kernel: string;
  what: string;
  args: (number | string)[];
  /** Multiply-adds of the call. */
  macs: number;
  /** Calls on each core in a token: layers times what a half needs. */
  calls: number;
  /** Of another model than stories260K. */
  shape?: Shape;
}

const LAYERS = 5;
const GROUPS = 8;
const matvec = (name: string, what: string, columns: number, rows: number, calls: number): Row => ({
  kernel: name,
  what,
  args: ['w', 'x', columns, 'y', rows, 6],
  macs: columns * rows,
  calls,
});

const rows: Row[] = [
  matvec('matvec_dim', 'query, key, value: 64 rows', 64, 64, LAYERS),
  matvec('matvec_dim', 'attention output: 32 rows', 64, 32, LAYERS),
  matvec('matvec_dim', 'gate and up: 176 rows', 64, 176, LAYERS),
  matvec('matvec_hidden', 'down: 32 rows', 176, 32, LAYERS),
  matvec('matvec_dim', 'classifier: 256 rows', 64, 256, 1),
  { kernel: 'logits_s32', what: '256 rows', args: ['y', 's', 'out', 256], macs: 0, calls: 1 },
  {
    kernel: 'normalize',
    what: '64',
    args: ['x', 's', 'info', 'out', 64, 1 << 30],
    macs: 0,
    calls: 2 * LAYERS + 1,
  },
  {
    kernel: 'quantize_bounded',
    what: '64',
    args: ['y', 'out', 64, 127, 1 << 30],
    macs: 0,
    calls: LAYERS,
  },
  { kernel: 'quantize_wide', what: '176', args: ['x', 'out', 176, 127, 1 << 30], macs: 0, calls: LAYERS },
  { kernel: 'largest_s16', what: '32 (query)', args: ['y', 32], macs: 0, calls: LAYERS },
  { kernel: 'quantize_by', what: '32 (query)', args: ['y', 'out', 32, 20000, 9], macs: 0, calls: LAYERS },
  { kernel: 'largest_s16', what: '16 (key)', args: ['y', 16], macs: 0, calls: LAYERS },
  { kernel: 'quantize_by', what: '16 (key)', args: ['y', 'out', 16, 20000, 9], macs: 0, calls: LAYERS },
  {
    kernel: 'quantize_rows',
    what: '16 (value)',
    args: ['y', 's', 'out', 16, 20000, 9],
    macs: 0,
    calls: LAYERS,
  },
  { kernel: 'rope', what: '16 pairs', args: ['y', 's', 'angles', 'out', 16], macs: 0, calls: LAYERS },
  { kernel: 'rope', what: '8 pairs', args: ['y', 's', 'angles', 'out', 8], macs: 0, calls: LAYERS },
  { kernel: 'add_residual', what: '32', args: ['y', 's', 'x', 32, 20000, 9], macs: 0, calls: 2 * LAYERS },
  { kernel: 'add_row', what: '32', args: ['w', 'x', 32, 20000, 9], macs: 0, calls: 0 },
  { kernel: 'swiglu', what: '88', args: ['y', 's', 'out', 88, 20000, 12], macs: 0, calls: LAYERS },
  {
    kernel: 'attention',
    what: '4 heads, 128 positions',
    args: ['x', 'w', 'out', 4, 16 * GROUPS, 'job'],
    macs: 4 * 2 * 16 * GROUPS * 8,
    calls: LAYERS,
  },
];

const STORIES: Shape = { dim: 64, hidden: 176 };
const WIDER: Shape = { dim: 128, hidden: 352 };
rows.push(
  ...[
    matvec('matvec_dim', 'of a wider model: 256 rows', 128, 256, 0),
    matvec('matvec_hidden', 'of a wider model: 64 rows', 352, 64, 0),
  ].map((row) => ({ ...row, shape: WIDER })),
);

const machineOf = (shape: Shape) => createKernelMachine({ precision: 'int8', headSize: 8, ...shape });
const machines = new Map([STORIES, WIDER].map((shape) => [shape, machineOf(shape)]));
const places: Record<string, number> = {
  w: 0x1000,
  x: 0x20000,
  y: 0x22000,
  s: 0x24000,
  out: 0x26000,
  info: 0x28000,
  angles: 0x29000,
  job: 0x2a000,
};
let seed = 1;
for (let i = 0x1000; i < 0x30000; i++) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  for (const { memory } of machines.values()) memory[i] = seed >>> 24;
}

// Two heads read the keys of one, with steps in which no score is too large.
const job = {
  headSize: 8,
  odd: 16,
  values: 0x8000,
  stride: 0x1000,
  scores: DATA + 0x2b000,
  kvHeads: 4,
  heads: 8,
  ahead: 0,
  shift: 9,
};
const { memory: bytes } = machines.get(STORIES)!;
const view = new DataView(bytes.buffer, bytes.byteOffset + places.job);
for (const { name, offset } of placeFields(attentionJob))
  view.setInt32(offset, job[name as keyof typeof job], true);

let total = 0;
console.log('kernel          size                          cycles  MAC/cycle  a token and core');
for (const { kernel, what, args, macs, calls, shape = STORIES } of rows) {
  const { cycles } = machines.get(shape)!.run(
    kernel,
    args.map((arg) => (typeof arg === 'string' ? DATA + places[arg] : arg)),
  );
  total += cycles * calls;
  console.log(
    kernel.padEnd(16),
    what.padEnd(28),
    cycles.toFixed(0).padStart(7),
    (macs ? (macs / cycles).toFixed(2) : '').padStart(10),
    (calls ? String(cycles * calls) : '').padStart(17),
  );
}
console.log(
  `all kernels of a token on one of two cores: ${total} cycles, ${(240e6 / total).toFixed(0)} tokens per second at 240 MHz`,
);
