import type { Instruction, WasmFunction } from './module.ts';

/**
 * A loop that begins with its exit test, as `while` and `for` are compiled. The builder translates the test once before
 * the loop and once at each jump back, so that an iteration costs one conditional branch instead of two jumps.
 */
export interface LoopTest {
  /** Instructions [start, end) compute the condition; `end` is the br_if or if that uses it. */
  readonly start: number;
  readonly end: number;
  /** The test is an `if` around the whole body (stay when not 0), else a `br_if` out of the loop (leave when not 0). */
  readonly opensIf: boolean;
  /** Depth that the br_if names, seen from inside the loop. */
  readonly depth: number;
}

/** Longest test that is worth a copy, and most jumps back that get one. */
const MAX_LENGTH = 14;
const MAX_COPIES = 3;

/** Finds the movable test of the loop that starts at instruction `index`. */
export function findLoopTest(fn: WasmFunction, index: number): LoopTest | undefined {
  const { code, matching } = fn;
  const type = code[index].type;
  const close = matching.get(index) as number;
  if (!type || type.params.length > 0 || type.results.length > 0) return undefined;
  let end = index + 1;
  while (isSimple(code[end].op.name) && end - index <= MAX_LENGTH) end++;
  const { op, a } = code[end];
  const opensIf = op.name === 'if';
  if (opensIf) {
    // Without else, and nothing behind it in the loop.
    if (code[end].type?.params.length || code[end].type?.results.length) return undefined;
    if (matching.get(end) !== close - 1) return undefined;
  } else if (op.name !== 'br_if' || a < 1) return undefined;
  if (!leavesOnlyCondition(code.slice(index + 1, end))) return undefined;
  const backward = jumpsTo(fn, index, close);
  if (backward === undefined || backward === 0 || backward > MAX_COPIES) return undefined;
  return { start: index + 1, end, opensIf, depth: a };
}

/** The copies of the test stand where nothing else may wait on the operand stack. */
function leavesOnlyCondition(code: readonly Instruction[]): boolean {
  let height = 0;
  for (const { op } of code) {
    if (op.name.endsWith('.get')) height++;
    else if (op.name.endsWith('.set')) height--;
    else if (op.name !== 'local.tee') {
      const [operands, results] = op.signature.split(':');
      height += results.length - operands.length;
    }
  }
  return height === 1;
}

function isSimple(name: string): boolean {
  if (/^(local|global)\./.test(name)) return true;
  if (/trunc_f|div|rem|sqrt|nearest|ceil|floor|^f32.m/.test(name)) return false;
  return /^(i32|i64|f32)\./.test(name) && !/store/.test(name);
}

/** How many branches go to the loop; undefined when a br_table does. */
function jumpsTo(fn: WasmFunction, index: number, close: number): number | undefined {
  let depth = 0;
  let count = 0;
  for (let i = index + 1; i < close; i++) {
    const { op, a, list } = fn.code[i];
    if (op.immediate === 'block') depth++;
    else if (op.name === 'end') depth--;
    else if ((op.name === 'br' || op.name === 'br_if') && a === depth) count++;
    else if (op.name === 'br_table' && list?.includes(depth)) return undefined;
  }
  return count;
}
