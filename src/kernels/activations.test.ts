/** Twin and kernel give identical bits on real activations: every kernel call of a few tokens, replayed on the simulated core. */

import { describe, expect, test } from 'vitest';
import {
  attentionJob,
  type KernelRow,
  offsetOf,
  type Parameter,
  kernels as table,
} from '../contract/index.ts';
import { goldenModel, loadSmallModel, withLayerEmbeddings } from '../model/testing.ts';
import { ACTIVATIONS } from '../model/types.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine, type QuantizedModel, quantize } from '../quantize/index.ts';
import { everywhere, packFixed } from '../quantize/pack.ts';
import { createKernelMachine, DATA, DATA_END } from './testing.ts';

const rows: Readonly<Record<string, KernelRow>> = table;

/** What models of the small one's dim do without; src/kernels/active.test.ts and src/testing/activation.test.ts have them. */
const SKIPPING: ReadonlySet<string> = new Set(['relu_list', 'matvec_active', 'add_columns', 'read_columns']);
/** What comes behind the forward pass: src/kernels/sampler.test.ts. */
const SAMPLING: ReadonlySet<string> = new Set([
  'find_s32',
  'gather_above',
  'exponentials',
  'mass_from',
  'top_mass',
  'top_count',
  'pick',
]);

/** What need not happen at a position that is compared: then it is compared wherever it happens. */
const SELDOM: ReadonlySet<string> = new Set(['rescale_keys']);

/** The small model, what a model of another activation would call, the small one in int4 and int5, and what has biases, no gate or per-layer embeddings. */
const { model: small } = loadSmallModel();
const models = [
  ...ACTIVATIONS.map((activation) => quantize({ ...small, config: { ...small.config, activation } })),
  quantize(small, { precision: 'int4' }),
  packFixed(small, { precision: 'int4', formats: everywhere('int5') }),
  quantize(goldenModel('gpt-neo')),
  quantize(withLayerEmbeddings(goldenModel('qwen2'))),
];

describe('kernels on real activations', () => {
  test('every call of the tokens at positions 0, 5 and 40 leaves the same memory', {
    timeout: 300_000,
  }, () => {
    const compared = models.map(comparedCalls);
    const called = Object.keys(rows).filter(
      (name) => rows[name].arithmetic === 'fixed' && !SKIPPING.has(name) && !SAMPLING.has(name),
    );
    expect([...new Set(compared.flatMap((names) => [...names]))].sort()).toEqual(called.sort());
  });
});

/** Names of the kernels that telling calls, each call compared with its twin. */
function comparedCalls(model: QuantizedModel): Set<string> {
  const machine = createKernelMachine(model.shape);
  let comparing = false;
  const compared = new Set<string>();
  const engine = createHostEngine(model, {
    programs,
    context: 64,
    observer: (name, args, run) => {
      if (!comparing && !SELDOM.has(name)) return run();
      const twin = new Uint8Array(engine.memory.buffer);
      expect(twin.length).toBeLessThanOrEqual(DATA_END);
      machine.memory.set(twin);
      if (name === 'attention') moveJob(machine.memory, args[5], DATA);
      const expected = run();
      const { result } = machine.run(
        name,
        Object.values(rows[name].parameters).map((parameter, i) => argument(parameter, args[i])),
      );
      if (name === 'attention') moveJob(machine.memory, args[5], -DATA);
      const same = Buffer.compare(machine.memory.subarray(0, twin.length), twin) === 0;
      expect(same, name).toBe(true);
      if (expected !== undefined) expect(result, name).toBe(expected);
      compared.add(name);
      return expected;
    },
  });
  let token = 1;
  for (let position = 0; position <= 40; position++) {
    comparing = position === 0 || position === 5 || position === 40;
    const logits = engine.forward(token, position);
    token = logits.indexOf(Math.max(...logits));
  }
  return compared;
}

/** The addresses in an attention job, for a memory that begins `by` further. */
function moveJob(memory: Uint8Array, job: number, by: number): void {
  const word = new DataView(memory.buffer);
  for (const field of ['scores', 'lifts'] as const) {
    const at = memory.byteOffset + job + offsetOf(attentionJob, field);
    word.setUint32(at, word.getUint32(at, true) + by, true);
  }
}

const argument = ({ type }: Parameter, value: number): number => (type === 'address' ? DATA + value : value);
