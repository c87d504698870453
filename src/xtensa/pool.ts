/** Names for registers, so that a kernel reads like mathematics. */
import { UsageError } from '../errors.ts';
import { aRegisters, bRegisters, fRegisters, mRegisters, qRegisters, type Register } from './registers.ts';

type PooledFile = 'AR' | 'FR' | 'QR' | 'BR' | 'MR';
type Named<Name extends string, File extends PooledFile> = { [Key in Name]: Register<File> };

export interface Pool {
  /**
   * Free registers under names of their own: `const { sum, count } = asm.pool('AR', 'sum', 'count')`. Address registers
   * come in the order a8..a11, a2..a7 (the caller's to lose in the CALL0 ABI), then a12..a15, which a function must save.
   */
  pool<Name extends string, File extends PooledFile>(file: File, ...names: Name[]): Named<Name, File>;
  /** The arguments of a CALL0 function: a2, a3, ... under the names given, taken out of the pool. */
  parameters<Name extends string>(...names: Name[]): Named<Name, 'AR'>;
  /** Takes registers out of the pool. */
  reserve(...registers: Register[]): void;
  /** Gives registers back to the pool. */
  release(...registers: Register[]): void;
}

/** a0 (return address) and a1 (stack) are never handed out. */
const order: Record<PooledFile, readonly Register[]> = {
  AR: [8, 9, 10, 11, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15].map((number) => aRegisters[number]),
  FR: fRegisters,
  QR: qRegisters,
  BR: bRegisters,
  MR: mRegisters,
};

/** `note` receives one line per register that gets a name. */
export function createPool(note: (text: string) => void): Pool {
  const taken = new Set<string>();
  const name = <Name extends string, File extends PooledFile>(
    alias: Name,
    register: Register,
  ): Register<File> => {
    taken.add(register.name);
    note(`${register.name} = ${alias}`);
    return { ...(register as Register<File>), alias };
  };
  return {
    pool(file, ...names) {
      const entries = names.map((alias) => {
        const free = order[file].find((register) => !taken.has(register.name));
        if (!free) throw new UsageError(`no ${file} register is left for "${alias}".`);
        return [alias, name(alias, free)];
      });
      return Object.fromEntries(entries);
    },
    parameters(...names) {
      if (names.length > 6) throw new UsageError('only six parameters are passed in registers (a2 to a7).');
      const entries = names.map((alias, index) => {
        const register = aRegisters[2 + index];
        if (taken.has(register.name))
          throw new UsageError(`${register.name} is taken, yet "${alias}" arrives in it.`);
        return [alias, name(alias, register)];
      });
      return Object.fromEntries(entries);
    },
    reserve: (...registers) => registers.forEach((register) => void taken.add(register.name)),
    release: (...registers) => registers.forEach((register) => void taken.delete(register.name)),
  };
}
