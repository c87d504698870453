/**
 * The few bytes of mask ROM that a program can run into: the window vectors (the ISA manual's own sequences,
 * section 4.7.1) and the landing places that end in the host. Espressif's code is not part of this project; so
 * a call of a ROM function ends in a named error.
 */

import { FailureError } from '../../../errors.ts';
import { WINDOW_VECTOR_BYTES, windowVectors } from '../../core/index.ts';
import { ROM } from '../memory-map.ts';
import { hex } from '../warnings.ts';
import { romFunctionName } from './functions.ts';

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
      `the program called ${name ? `the ROM function ${name}` : 'into the ROM'} at ${hex(address)}: the mask ROM's code is Espressif's and no part of this; give the chip's ROM with --rom FILE, or bring the function along in the image`,
    );
  }
}

/** First bytes of the ROM: window handlers, at VECBASE's reset value. */
export const romStubBytes = windowVectors;

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
