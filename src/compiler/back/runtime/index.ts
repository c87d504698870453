/** The routines that compiled code calls for what Xtensa has no instruction for. Only those that are used are emitted. */
import type { Assembler } from '../../../xtensa/index.ts';
import { fixSigned, fixUnsigned, floatSigned, floatUnsigned } from './convert64.ts';
import {
  divideUnsigned64,
  quotientSigned,
  quotientUnsigned,
  remainderSigned,
  remainderUnsigned,
} from './divide64.ts';
import { divide, squareRoot } from './float.ts';
import { copy, fill, fillTable, growMemory, growTable } from './memory.ts';

interface Routine {
  readonly emit: (asm: Assembler) => void;
  readonly calls?: readonly string[];
}

const division = ['__wasm_divide64'];

const routines: Readonly<Record<string, Routine>> = {
  __wasm_divide: { emit: divide },
  __wasm_sqrt: { emit: squareRoot },
  __wasm_divide64: { emit: divideUnsigned64 },
  __wasm_div64u: { emit: quotientUnsigned, calls: division },
  __wasm_div64s: { emit: quotientSigned, calls: division },
  __wasm_rem64u: { emit: remainderUnsigned, calls: division },
  __wasm_rem64s: { emit: remainderSigned, calls: division },
  __wasm_float64u: { emit: floatUnsigned },
  __wasm_float64s: { emit: floatSigned, calls: ['__wasm_float64u'] },
  __wasm_fix64u: { emit: fixUnsigned },
  __wasm_fix64s: { emit: fixSigned },
  __wasm_memory_copy: { emit: copy },
  __wasm_memory_fill: { emit: fill },
  __wasm_memory_grow: { emit: growMemory },
  __wasm_table_grow: { emit: growTable },
  __wasm_table_fill: { emit: fillTable },
  // Nobody gave a trap handler: an illegal instruction, with the trap's number in a2, for the panic handler to show.
  __wasm_trap: { emit: (asm) => asm.ill() },
};

/** Emits the named routines and what they call, each in a section of its own. */
export function emitRoutines(asm: Assembler, names: Iterable<string>): void {
  const wanted = new Set<string>();
  const want = (name: string) => {
    const routine = routines[name];
    if (!routine || wanted.has(name)) return;
    wanted.add(name);
    routine.calls?.forEach(want);
  };
  for (const name of names) want(name);
  for (const name of wanted) {
    asm.section(`.text.${name}`, { code: true });
    asm.function(name);
    routines[name].emit(asm);
  }
}
