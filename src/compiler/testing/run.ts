/** What the tests of this room share: text to module, and a module running on the simulated core. */
import wabt from 'wabt';
import { decodeModule } from '../front/decode.ts';
import { validateModule } from '../front/validate.ts';
import { formatValue, parseValue } from '../host/exec.ts';
import { createStore, instantiate } from '../host/instantiate.ts';
import { invoke } from '../host/invoke.ts';
import { createMachine, type Machine } from '../host/machine.ts';

const parser = await wabt();

/** WebAssembly text to bytes. */
export function assembleWat(text: string, options: { debugNames?: boolean } = {}): Uint8Array {
  const module = parser.parseWat('test.wat', text, {
    bulk_memory: true,
    reference_types: true,
    multi_value: true,
  });
  try {
    return module.toBinary({ write_debug_names: options.debugNames ?? true }).buffer;
  } finally {
    module.destroy();
  }
}

export interface Running {
  readonly machine: Machine;
  /** Calls an export with arguments in text form; results in text form, joined by spaces. */
  call(name: string, ...args: readonly (string | number)[]): string;
}

export interface RunOptions {
  /** Check between all steps of the compiler what must hold there; done unless it takes too long. */
  readonly verify?: boolean;
}

export function run(wasm: Uint8Array | string, { verify = true }: RunOptions = {}): Running {
  const module = decodeModule(typeof wasm === 'string' ? assembleWat(wasm) : wasm);
  validateModule(module);
  const machine = createMachine({ maxCycles: 1e8 });
  const { exports } = instantiate(createStore(machine, { verify }), module);
  return {
    machine,
    call(name, ...args) {
      const fn = exports.get(name);
      if (fn?.kind !== 'func') throw new Error(`no function ${name}`);
      const values = args.map((text, i) => parseValue(String(text), fn.type.params[i]));
      return invoke(machine, fn, values).map(formatValue).join(' ');
    },
  };
}
