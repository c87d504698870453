/**
 * The few bytes of mask ROM that a program can run into: the window vectors (the ISA manual's own sequences,
 * section 4.7.1) and the landing places that end in the host. Espressif's code is not part of this project; so
 * a call of a ROM function ends in a named error.
 */

import { FailureError } from '../../errors.ts';
import { assembleText } from '../../xtensa/text/assemble.ts';
import { ROM } from './memory-map.ts';
import { romFunctionName } from './rom-functions.ts';
import { hex } from './warnings.ts';

/** Places in the ROM at which the host takes over. */
export const ROM_PLACES: ReadonlyMap<number, RomPlace> = new Map<number, RomPlace>([
  [0x40000180, 'interrupt'],
  [0x400001c0, 'interrupt'],
  [0x40000200, 'interrupt'],
  [0x40000240, 'interrupt'],
  [0x40000280, 'exception'],
  [0x400002c0, 'interrupt'],
  [0x40000300, 'exception'],
  [0x40000340, 'exception'],
  [0x400003c0, 'exception'],
  [0x40000400, 'reset'],
  [0x40045c04, 'user-code-done'], // return of the CALL8 to the entry
  [0x40043ab9, 'user-code-done'], // return of the loader into ROM main
  [0x40043a46, 'core1-done'], // return of the CALL8 on core 1
  [0x40034c48, 'core1-done'],
  [0x40000475, 'core1-wait'], // return of an early call by bit 31 of CORE_1_CONTROL_1
]);

export type RomPlace = 'interrupt' | 'exception' | 'reset' | 'user-code-done' | 'core1-done' | 'core1-wait';

/** Thrown at an instruction fetch from one of {@link ROM_PLACES}: the scheduler goes on from there. */
export class RomEntered extends Error {
  constructor(
    readonly place: RomPlace,
    readonly address: number,
  ) {
    super(`a core entered the ROM at ${hex(address)} (${place})`);
  }
}

/** Thrown at an instruction fetch from any other place of the ROM. */
export class RomCallError extends FailureError {
  constructor(address: number) {
    const name = romFunctionName(address);
    super(
      `the program called ${name ? `the ROM function ${name}` : 'into the ROM'} at ${hex(address)}: the mask ROM's code is not simulated, bring the function along in the image`,
    );
  }
}

/**
 * Window overflow and underflow handlers (Xtensa ISA reference manual, 4.7.1.3-4), one in each 64 bytes from
 * VECBASE's reset value on.
 */
const WINDOW_VECTORS = `
    .org 0x000
    s32e a0, a5, -16
    s32e a1, a5, -12
    s32e a2, a5, -8
    s32e a3, a5, -4
    rfwo
    .org 0x040
    l32e a0, a5, -16
    l32e a1, a5, -12
    l32e a2, a5, -8
    l32e a3, a5, -4
    rfwu
    .org 0x080
    s32e a0, a9, -16
    l32e a0, a1, -12
    s32e a1, a9, -12
    s32e a2, a9, -8
    s32e a3, a9, -4
    s32e a4, a0, -32
    s32e a5, a0, -28
    s32e a6, a0, -24
    s32e a7, a0, -20
    rfwo
    .org 0x0c0
    l32e a0, a9, -16
    l32e a1, a9, -12
    l32e a2, a9, -8
    l32e a7, a1, -12
    l32e a3, a9, -4
    l32e a4, a7, -32
    l32e a5, a7, -28
    l32e a6, a7, -24
    l32e a7, a7, -20
    rfwu
    .org 0x100
    s32e a0, a13, -16
    l32e a0, a1, -12
    s32e a1, a13, -12
    s32e a2, a13, -8
    s32e a3, a13, -4
    s32e a4, a0, -48
    s32e a5, a0, -44
    s32e a6, a0, -40
    s32e a7, a0, -36
    s32e a8, a0, -32
    s32e a9, a0, -28
    s32e a10, a0, -24
    s32e a11, a0, -20
    rfwo
    .org 0x140
    l32e a0, a13, -16
    l32e a1, a13, -12
    l32e a2, a13, -8
    l32e a11, a1, -12
    l32e a3, a13, -4
    l32e a4, a11, -48
    l32e a5, a11, -44
    l32e a6, a11, -40
    l32e a7, a11, -36
    l32e a8, a11, -32
    l32e a9, a11, -28
    l32e a10, a11, -24
    l32e a11, a11, -20
    rfwu
`;

/** First bytes of the ROM. */
export function romStubBytes(): Uint8Array {
  const code = assembleText(WINDOW_VECTORS).sections.find((section) => section.bytes.length > 0);
  return code?.bytes ?? new Uint8Array(0);
}

/**
 * What an instruction fetch from the ROM does: nothing in the window vectors, else it throws.
 * @throws RomEntered, RomCallError
 */
export function checkRomFetch(address: number): void {
  if (address < ROM.address + WINDOW_VECTOR_BYTES) return;
  const place = ROM_PLACES.get(address);
  if (place) throw new RomEntered(place, address);
  throw new RomCallError(address);
}

const WINDOW_VECTOR_BYTES = 0x180;
