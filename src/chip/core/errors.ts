import { FailureError } from '../../errors.ts';

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** An instruction that exists on the chip and that this simulator cannot carry out. */
export class UnsupportedInstruction extends FailureError {
  constructor(
    readonly mnemonic: string,
    readonly address: number,
    reason: string,
  ) {
    super(`${mnemonic} at ${hex(address)} is not supported by the simulator: ${reason}`);
    this.name = 'UnsupportedInstruction';
  }
}

/** Architectural exception on its way from a slow path to the dispatcher; one object, never allocated anew. */
export const trap = { isTrap: true, cause: 0, pc: 0, address: 0 };
