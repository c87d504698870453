/** The ROM's dump of an exception that nobody else handles: VECBASE is still the ROM's (docs/esp32-s3.md C9.1). */

import { type CoreState, SR } from '../../core/index.ts';
import { hex } from '../warnings.ts';

/** EXCCAUSE values as the ROM names them. */
const CAUSES: Readonly<Record<number, string>> = {
  0: 'IllegalInstruction',
  1: 'Syscall',
  2: 'InstructionFetchError',
  3: 'LoadStoreError',
  4: 'Level1Interrupt',
  5: 'Alloca',
  6: 'IntegerDivideByZero',
  7: 'PCValue',
  8: 'Privileged',
  9: 'LoadStoreAlignment',
  12: 'InstrPDAddrError',
  13: 'LoadStorePIFDataError',
  14: 'InstrPIFAddrError',
  15: 'LoadStorePIFAddrError',
  16: 'InstTLBMiss',
  17: 'InstTLBMultiHit',
  18: 'InstFetchPrivilege',
  20: 'InstrFetchProhibited',
  24: 'LoadStoreTLBMiss',
  25: 'LoadStoreTLBMultihit',
  26: 'LoadStorePrivilege',
  28: 'LoadProhibited',
  29: 'StoreProhibited',
  32: 'Cp0Dis',
  33: 'Cp1Dis',
  34: 'Cp2Dis',
  35: 'Cp3Dis',
};

const BACKTRACE_DEPTH = 30;

export interface PanicOptions {
  /** Word of memory for the backtrace, undefined where there is none. */
  peek(address: number): number | undefined;
}

const register = (state: CoreState, index: number) =>
  state.ar[(state.special[SR.windowbase] * 4 + index) & 63] >>> 0;

/** @returns the dump, lines ended by `\n`. */
export function describePanic(state: CoreState, { peek }: PanicOptions): string {
  const { special } = state;
  const cause = special[SR.exccause];
  const fields: [name: string, value: number][] = [
    ['PC', special[SR.epc1]],
    ['PS', special[SR.ps]],
    ...Array.from({ length: 16 }, (_, index): [string, number] => [`A${index}`, register(state, index)]),
    ['SAR', special[SR.sar]],
    ['EXCCAUSE', cause],
    ['EXCVADDR', special[SR.excvaddr]],
    ['LBEG', special[SR.lbeg]],
    ['LEND', special[SR.lend]],
    ['LCOUNT', special[SR.lcount]],
  ];
  const cells = fields.map(([name, value]) => `${name.padEnd(8)}: ${hex(value)}`);
  const lines = [];
  for (let index = 0; index < cells.length; index += 4) lines.push(cells.slice(index, index + 4).join('  '));
  return [
    `Guru Meditation Error: Core ${state.core} panic'ed (${CAUSES[cause] ?? 'Unknown'})`,
    `Core ${state.core} register dump:`,
    ...lines,
    '',
    `Backtrace: ${backtrace(state, peek).join(' ')}`,
    '',
    '',
  ].join('\n');
}

/** Walks windowed frames: a0 and a1 of the caller lie 16 bytes below the stack pointer. */
function backtrace(state: CoreState, peek: PanicOptions['peek']): string[] {
  const frames = [`${hex(state.special[SR.epc1])}:${hex(register(state, 1))}`];
  let returnAddress = register(state, 0);
  let stack = register(state, 1);
  while (returnAddress !== 0 && frames.length < BACKTRACE_DEPTH) {
    const caller = peek((stack - 12) >>> 0);
    const next = peek((stack - 16) >>> 0);
    if (caller === undefined || next === undefined || caller <= stack) break;
    frames.push(`${hex(((returnAddress & 0x3fffffff) | 0x40000000) - 3)}:${hex(caller)}`);
    returnAddress = next;
    stack = caller;
  }
  return frames;
}
