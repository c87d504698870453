/**
 * The host side of SIMCALL as the Xtensa instruction set simulator defines it: a2 = number, a3… = arguments; the result
 * goes to a2, an error number to a3. Numbers: libgloss, xtensa/sys/simcall.h; QEMU, target/xtensa/xtensa-semi.c.
 */

import type { VisibleRegisters } from '../core/index.ts';
import type { ProgramMemory } from './memory.ts';

const SYS = {
  nop: 0,
  exit: 1,
  read: 3,
  write: 4,
  open: 5,
  close: 6,
  lseek: 19,
  selectOne: 29,
  argumentCount: 1000,
  argumentSize: 1001,
  arguments: 1002,
  memset: 1004,
} as const;

/** Error numbers of newlib. */
const ERRNO = { noEntry: 2, badFile: 9, illegalSeek: 29, notImplemented: 88 } as const;
/** Bytes per read or write: a wild length must not take the host down. */
const LONGEST_TRANSFER = 16 * 2 ** 20;

export interface SimcallHost {
  readonly argv: readonly string[];
  /** What the program reads from file 0. */
  readonly stdin: Uint8Array;
  readonly stdout: (bytes: Uint8Array) => void;
  readonly stderr: (bytes: Uint8Array) => void;
  readonly exit: (code: number) => void;
}

const zeroTerminated = (argument: string) => new TextEncoder().encode(`${argument}\0`);

/** argc pointers and a null, then the strings, at `address`. */
export function writeArguments(memory: ProgramMemory, address: number, argv: readonly string[]): void {
  let at = address + 4 * (argv.length + 1);
  for (const [index, argument] of argv.entries()) {
    memory.write32(address + 4 * index, at);
    for (const byte of zeroTerminated(argument)) memory.write8(at++, byte);
  }
  memory.write32(address + 4 * argv.length, 0);
}

export function createSimcalls(
  host: SimcallHost,
  memory: ProgramMemory,
): (registers: VisibleRegisters) => void {
  let consumed = 0;
  const argumentBytes = () =>
    host.argv.reduce((sum, argument) => sum + 4 + zeroTerminated(argument).length, 4);
  const put = (address: number, bytes: Uint8Array) => {
    for (const [index, byte] of bytes.entries()) memory.write8(address + index, byte);
  };

  const calls: Readonly<Record<number, (...words: number[]) => number | { errno: number }>> = {
    [SYS.nop]: () => 0,
    [SYS.exit](code) {
      host.exit(code);
      return 0;
    },
    [SYS.read](file, address, length) {
      if (file !== 0) return { errno: ERRNO.badFile };
      const bytes = host.stdin.subarray(consumed, consumed + Math.min(length >>> 0, LONGEST_TRANSFER));
      consumed += bytes.length;
      put(address >>> 0, bytes);
      return bytes.length;
    },
    [SYS.write](file, address, length) {
      if (file !== 1 && file !== 2) return { errno: ERRNO.badFile };
      const count = Math.min(length >>> 0, LONGEST_TRANSFER);
      const bytes = Uint8Array.from({ length: count }, (_, index) => memory.read8((address >>> 0) + index));
      (file === 1 ? host.stdout : host.stderr)(bytes);
      return count;
    },
    // A program under test gets no access to the files of the host.
    [SYS.open]: () => ({ errno: ERRNO.noEntry }),
    [SYS.close]: (file) => (file >= 0 && file <= 2 ? 0 : { errno: ERRNO.badFile }),
    [SYS.lseek]: (file) => ({ errno: file >= 0 && file <= 2 ? ERRNO.illegalSeek : ERRNO.badFile }),
    // One file is ready for reading (0) or writing (1): always, here.
    [SYS.selectOne]: (file) => (file >= 0 && file <= 2 ? 1 : { errno: ERRNO.badFile }),
    [SYS.argumentCount]: () => host.argv.length,
    [SYS.argumentSize]: argumentBytes,
    [SYS.arguments](address) {
      writeArguments(memory, address >>> 0, host.argv);
      return 0;
    },
    [SYS.memset](address, value, length) {
      const count = Math.min(length >>> 0, LONGEST_TRANSFER);
      for (let index = 0; index < count; index++) memory.write8((address >>> 0) + index, value & 255);
      return address;
    },
  };

  return (registers) => {
    const call = calls[registers.get(2)];
    const words = [3, 4, 5, 6].map((index) => registers.get(index));
    const result = call ? call(...words) : { errno: ERRNO.notImplemented };
    registers.set(2, typeof result === 'number' ? result : -1);
    registers.set(3, typeof result === 'number' ? 0 : result.errno);
  };
}
