/** What the chip noticed and went on after: each thing said once, with the place in the program. */

export interface Warning {
  /** One sentence: what was touched, where, and what the simulator did about it. */
  readonly message: string;
  readonly address: number;
  /** Program counter of the access, 0 when no program caused it. */
  readonly pc: number;
}

export interface Warnings {
  readonly list: readonly Warning[];
  /** Program counter put into the next warnings; the bus writes it. */
  pc: number;
  /** Records a warning unless one with the same key was recorded before. */
  once(key: string, address: number, message: string): void;
  onWarning(listener: (warning: Warning) => void): void;
  clear(): void;
}

export const hex = (value: number, digits = 8): string =>
  '0x' + (value >>> 0).toString(16).padStart(digits, '0');

export function createWarnings(): Warnings {
  const list: Warning[] = [];
  const seen = new Set<string>();
  const listeners: ((warning: Warning) => void)[] = [];
  const warnings: Warnings = {
    list,
    pc: 0,
    once(key, address, text) {
      if (seen.has(key)) return;
      seen.add(key);
      const warning = { message: `${text} (pc ${hex(warnings.pc)})`, address, pc: warnings.pc };
      list.push(warning);
      for (const listener of listeners) listener(warning);
    },
    onWarning(listener) {
      listeners.push(listener);
    },
    clear() {
      list.length = 0;
      seen.clear();
    },
  };
  return warnings;
}
