/** What every core's host has, for tests that have no core: accesses that reach nothing. */
import type { HostFunctions } from './linker.ts';

export const hostFunctions = (): HostFunctions =>
  Object.fromEntries(
    [1, 2, 4, 'Words'].flatMap((what) => [
      [`$X.load${what}`, what === 'Words' ? three : two],
      [`$X.store${what}`, three],
    ]),
  );

const three = (_first: number, _second: number, _pc: number): number => 0;
const two = (_address: number, _pc: number): number => 0;
