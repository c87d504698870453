/**
 * npx tsx bench/compiler/device-functions.ts: cycles of the three hottest scalar functions of the device program, as compiled from
 * dist/device/main.chip.wasm and as written by hand, on the simulated core. The vector kernels that they call are stubs
 * here, so that only the functions themselves count. Before anything is measured both versions must leave the same memory
 * and make the same calls.
 */
import { readFileSync } from 'node:fs';
import { SR } from '../../src/chip/core/state.ts';
import { createCore, createFlatBus, type FlatBus } from '../../src/chip/index.ts';
import { emitRoutines } from '../../src/compiler/back/runtime/index.ts';
import { compileModule } from '../../src/compiler/index.ts';
import { createRandom } from '../../src/compiler/testing/random-module.ts';
import {
  a2,
  a8,
  a9,
  aRegisters,
  createAssembler,
  f0,
  link,
  type ObjectCode,
  sequentially,
} from '../../src/xtensa/index.ts';
import { attend, memory, normalizeResidual, project, sizes } from './by-hand.ts';

const CODE = 0x40378000;
const DATA = 0x3fc88000;
const LOG = 0x3fce0000;
const STACK = 0x3fcf0000;
const END = 0x40370000;
const SRAM_BYTES = 0x70000;

/** Kernels with the number of their arguments and what the stub returns. */
const kernels: Readonly<Record<string, readonly [parameters: number, result: number]>> = {
  normalize: [5, 0],
  quantize: [4, 100],
  matvec_dim: [6, 0],
  rope: [4, 0],
  scale_rows: [3, 0],
  softmax_table: [4, 0],
  scores: [6, 1234],
  softmax: [6, 70000],
  values: [6, 0],
};

/** Kernels that do nothing; with `log` they write down who called them with what. */
function stubs(log: boolean): ObjectCode {
  const asm = createAssembler();
  Object.entries(kernels).forEach(([name, [parameters, result]], number) => {
    asm.function(name);
    if (log) {
      asm.movi(a8, LOG);
      asm.l32i(a9, a8, 0);
      asm.addi(a9, a9, 32);
      asm.s32i(a9, a8, 0);
      aRegisters.slice(2, 2 + parameters).forEach((register, i) => {
        asm.s32i(register, a9, 4 * i);
      });
      asm.movi(a8, number);
      asm.s32i(a8, a9, 24);
      // What a kernel may lose, it loses.
      for (const register of aRegisters.slice(3, 12)) asm.movi(register, -1);
      asm.wfr(f0, a8);
    }
    asm.movi(a2, result);
    asm.ret();
  });
  return asm.finish();
}

function byHand(): ObjectCode {
  const asm = createAssembler();
  for (const [name, write] of Object.entries({ normalizeResidual, project, attend })) {
    asm.section(`.text.${name}`);
    asm.function(name);
    write(asm);
  }
  emitRoutines(asm, ['__wasm_divide', '__wasm_sqrt']);
  return asm.finish();
}

/** The functions of the compiled device program, with the symbols of the hand-written ones. */
function compiled(): { object: ObjectCode; externals: readonly string[] } {
  const numbers: Record<string, number> = { ...memory, ...sizes, cores: 2 };
  // What else the program wants does not matter here.
  const globals = new Proxy({}, { get: (_, key) => numbers[String(key).replace('config.', '')] ?? DATA });
  const wasm = readFileSync(new URL('../../dist/device/main.chip.wasm', import.meta.url));
  const { object, externals } = compileModule(wasm, { globals, trapSymbol: 'trap' });
  const wanted = new Map(
    ['normalizeResidual', 'project', 'attend'].map((name) => [
      `.text.device/transformer/fixed/${name}`,
      name,
    ]),
  );
  for (const section of object.sections) {
    const name = wanted.get(section.name);
    const start = [...section.symbols].find(([symbol]) => symbol.startsWith('.Lfunction.'))?.[1];
    if (name !== undefined && start !== undefined) section.symbols.set(name, start);
  }
  return { object: { ...object, globals: new Set(wanted.values()) }, externals };
}

interface Version {
  run(name: string, args: readonly number[]): { cycles: number; bytes: Uint8Array };
}

function load(object: ObjectCode, externals: readonly string[], log: boolean): Version {
  const symbols = new Map(externals.map((name) => [name, END]));
  let [nextCode, nextData] = [CODE, DATA];
  const { segments, symbols: addresses } = link(
    [stubs(log), object],
    ({ name, bytes, align }) => {
      const isCode = name.startsWith('.text');
      const address = Math.ceil((isCode ? nextCode : nextData) / align) * align;
      if (isCode) nextCode = address + bytes.length;
      else nextData = address + bytes.length;
      return address;
    },
    { symbols },
  );
  return {
    run(name, args) {
      const bus = createFlatBus(0x200000);
      bus.provide(DATA, SRAM_BYTES);
      fillMemory(bus);
      for (const segment of segments) bus.load(segment.address, segment.bytes);
      const cycles = call(bus, addresses.get(name) as number, args);
      const bytes = Uint8Array.from({ length: STACK - 0x1000 - memory.model }, (_, i) =>
        bus.read8(memory.model + i),
      );
      return { cycles, bytes };
    },
  };
}

/** Pointers and numbers of the model's records, anything elsewhere. */
function fillMemory(bus: FlatBus): void {
  const random = createRandom(1);
  const word = (address: number, value: number) => {
    bus.load(address, Uint8Array.from([0, 8, 16, 24].map((shift) => (value >>> shift) & 255)));
  };
  const float = (value: number) => new Int32Array(new Float32Array([value]).buffer)[0];
  const noise = Uint8Array.from({ length: 0x40000 }, () => random(256));
  bus.load(memory.model, noise);
  word(LOG, LOG);
  for (let record = 0; record < 64 + sizes.layers * 96; record += 4)
    word(memory.model + record, float((1 + random(100)) / 5000));
  for (let layer = 0; layer < sizes.layers; layer++)
    for (const pointer of [0, 4, 48])
      word(memory.model + 64 + layer * 96 + pointer, 0x3fcd0000 + 64 * random(100));
  for (const half of [0, 1]) {
    const scratch = memory.scratch + half * memory.scratchBytes;
    word(scratch, 3);
    word(scratch + 4, 123456);
    word(scratch + 8, float(0.01));
    word(scratch + 16 + 4 * half, float(0.003));
  }
}

function call(bus: FlatBus, address: number, args: readonly number[]): number {
  const asm = createAssembler();
  asm.simcall();
  const [end] = link([asm.finish()], sequentially(END)).segments;
  bus.load(END, end.bytes);
  let cycles = 0;
  const core = createCore({
    bus,
    core: 0,
    simcall() {
      cycles = core.cycles;
      core.running = false;
    },
  });
  const { state } = core;
  state.special[SR.ps] = 0x20;
  state.special[SR.cpenable] = 0xff;
  state.ar[0] = END;
  state.ar[1] = STACK;
  args.forEach((value, i) => {
    state.ar[2 + i] = value;
  });
  state.pc = address;
  core.stateChanged();
  core.running = true;
  while (core.running) core.runUntil(core.cycles + 10_000);
  return cycles;
}

const floatBits = new Int32Array(new Float32Array([0.02]).buffer)[0];
const calls: readonly { name: string; args: readonly number[] }[] = [
  { name: 'attend', args: [1, 2, 127] },
  { name: 'project', args: [1, 2, 127] },
  { name: 'normalizeResidual', args: [1, 0x3fcd1000, floatBits] },
];

const { object, externals } = compiled();
const [compiler, hand] = [load(object, externals, false), load(byHand(), [], false)];
const checked = [load(object, externals, true), load(byHand(), [], true)];
console.log('function            compiled  by hand  ratio   (cycles, stub kernels included)');
for (const { name, args } of calls) {
  const [one, other] = checked.map((version) => version.run(name, args).bytes);
  const differs = one.findIndex((byte, i) => byte !== other[i]);
  if (differs >= 0) {
    console.error(
      `${name}: the versions differ at 0x${(memory.model + differs).toString(16)}; has the device program changed?`,
    );
    process.exit(1);
  }
  const cycles = [compiler, hand].map((version) => version.run(name, args).cycles);
  const columns = [
    name.padEnd(18),
    ...cycles.map((value) => String(value).padStart(9)),
    (cycles[0] / cycles[1]).toFixed(2).padStart(6),
  ];
  console.log(columns.join(' '));
}
