/** How generated code writes the slots of state.ts: `$T[0]` is the slice's cycle count, `$SR[72]` is WINDOWBASE. */
import { SR, TIME } from './state.ts';

export const T = Object.fromEntries(
  Object.entries(TIME).map(([name, slot]) => [name, `$T[${slot}]`]),
) as Readonly<Record<keyof typeof TIME, string>>;

export const S = Object.fromEntries(
  Object.entries(SR).map(([name, slot]) => [name, `$SR[${slot}]`]),
) as Readonly<Record<keyof typeof SR, string>>;
