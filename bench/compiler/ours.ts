/** A kernel of this folder compiled by our compiler and run on the simulated core. */
import { readFileSync } from 'node:fs';
import { SR } from '../../src/chip/core/state.ts';
import { createCore, createFlatBus } from '../../src/chip/index.ts';
import { compileModule } from '../../src/compiler/index.ts';
import { createAssembler, link } from '../../src/xtensa/index.ts';

const CODE = 0x40378000;
const CODE_BYTES = 0x10000;
/** Of what the compiler keeps for itself: globals, tables. The kernels' own data begin 64 KB behind it. */
const DATA = 0x3fc88000;
const DATA_BYTES = 0x40000;
const STACK = DATA + DATA_BYTES - 64;
const END = 0x40370000;

export interface Measured {
  readonly result: number;
  readonly cycles: number;
  readonly instructions: number;
  /** Of the kernel's code and constants. */
  readonly codeBytes: number;
}

export function measureOurs(name: string): Measured {
  const wasm = readFileSync(new URL(`${name}.wasm`, import.meta.url));
  const { object, data } = compileModule(wasm, { memory: 'chip' });
  let [nextCode, nextData] = [CODE, DATA];
  const { segments, symbols } = link([object, ending()], ({ name: section, bytes, align }) => {
    if (section === '.end') return END;
    const isCode = section.startsWith('.text');
    const address = Math.ceil((isCode ? nextCode : nextData) / align) * align;
    if (isCode) nextCode = address + bytes.length;
    else nextData = address + bytes.length;
    return address;
  });
  const bus = createFlatBus(0x200000);
  bus.provide(CODE, CODE_BYTES);
  bus.provide(DATA, DATA_BYTES);
  for (const segment of [...segments, ...data]) bus.load(segment.address, segment.bytes);
  let measured: Measured | undefined;
  const core = createCore({
    bus,
    core: 0,
    simcall(registers) {
      const { cycles, instructions } = core;
      measured = { result: registers.get(2) >>> 0, cycles, instructions, codeBytes: nextCode - CODE };
      core.running = false;
    },
  });
  const { state } = core;
  state.special[SR.ps] = 0x20;
  state.special[SR.cpenable] = 0xff;
  state.ar[0] = END;
  state.ar[1] = STACK;
  state.pc = symbols.get('run') as number;
  core.stateChanged();
  core.running = true;
  while (core.running) core.runUntil(core.cycles + 100_000);
  if (!measured) throw new Error(`${name} did not end`);
  return measured;
}

/** Where `run` returns to. */
function ending() {
  const asm = createAssembler();
  asm.section('.end', { code: true });
  asm.simcall();
  return asm.finish();
}
