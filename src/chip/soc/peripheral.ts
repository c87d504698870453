/** What every block of registers looks like to the bus, and the two ways of making one. */

import { hex, type Warnings } from './warnings.ts';

/** A block of 32-bit registers. Offsets are bytes from the block's base, multiples of 4. */
export interface Peripheral {
  readonly name: string;
  read(offset: number): number;
  write(offset: number, value: number): void;
  /** See {@link RegisterHooks.steady}. */
  steady?(offset: number): number | undefined;
  /** Puts every register back to its reset value. */
  reset(): void;
}

/** What a register does beside keeping its value. */
export interface RegisterHooks {
  /** Name of the register, for warnings and for readers. */
  readonly name?: string;
  readonly reset?: number;
  /** Value read; the default is the kept one. */
  read?(stored: number): number;
  /** Reading it changes nothing, and between two alarms of the clock it reads the same unless the block is written to or the host acts. */
  readonly steady?: boolean;
  /** Called with the written value; what it returns is kept, the written value when it returns undefined. */
  write?(value: number, stored: number): number | undefined;
}

export interface RegisterBlock extends Peripheral {
  /** Kept value of a register, without side effects. */
  get(offset: number): number;
  set(offset: number, value: number): void;
  readonly base: number;
}

export interface RegisterBlockOptions {
  readonly name: string;
  readonly base: number;
  /** Bytes of address space. */
  readonly size: number;
  /** Registers by offset: a number is a plain register with that reset value. */
  readonly registers: Readonly<Record<number, number | RegisterHooks>>;
  /** Offsets [from, to) of plain memory-like registers that reset to 0. */
  readonly plain?: readonly (readonly [from: number, to: number])[];
  readonly warnings: Warnings;
}

/**
 * A block from a table. Registers that the table does not name keep what is written and read it back, and
 * warn once per address: reading them is reading something that the simulator knows nothing about.
 */
export function createRegisterBlock(options: RegisterBlockOptions): RegisterBlock {
  const { name, base, size, warnings } = options;
  const values = new Uint32Array(size >>> 2);
  const known = new Uint8Array(size >>> 2);
  const hooks: (RegisterHooks | undefined)[] = new Array(size >>> 2);
  for (const [from, to] of options.plain ?? []) known.fill(1, from >>> 2, to >>> 2);
  for (const [key, entry] of Object.entries(options.registers)) {
    const index = Number(key) >>> 2;
    known[index] = 1;
    hooks[index] = typeof entry === 'number' ? { reset: entry } : entry;
  }

  const warnUnknown = (verb: string, offset: number, outcome: string) =>
    warnings.once(
      `${name}+${offset}`,
      base + offset,
      `${verb} ${hex(base + offset)}: register +${hex(offset, 3)} of ${name} is not modelled; ${outcome}`,
    );

  const block: RegisterBlock = {
    name,
    base,
    get: (offset) => values[offset >>> 2],
    set(offset, value) {
      values[offset >>> 2] = value;
    },
    read(offset) {
      const index = offset >>> 2;
      const hook = hooks[index];
      if (!known[index]) warnUnknown('read of', offset, `it reads ${hex(values[index])}`);
      return (hook?.read ? hook.read(values[index]) : values[index]) >>> 0;
    },
    steady(offset) {
      const hook = hooks[offset >>> 2];
      return hook?.steady ? block.read(offset) : undefined;
    },
    write(offset, value) {
      const index = offset >>> 2;
      const hook = hooks[index];
      if (!known[index]) warnUnknown('write to', offset, 'it keeps the value and does nothing');
      if (!hook?.write) {
        values[index] = value;
        return;
      }
      const kept = hook.write(value >>> 0, values[index]);
      values[index] = kept === undefined ? value : kept;
    },
    reset() {
      values.fill(0);
      hooks.forEach((hook, index) => {
        if (hook?.reset !== undefined) values[index] = hook.reset;
      });
    },
  };
  block.reset();
  return block;
}

/** A block that exists on the chip and not here: keeps what is written, warns once per address. */
export function createUnimplementedPeripheral(
  name: string,
  base: number,
  size: number,
  warnings: Warnings,
): Peripheral {
  return createRegisterBlock({ name, base, size, registers: {}, warnings });
}
