/** Parsers for option values: each refuses what it cannot take, naming the option's range. */
import { InvalidArgumentError } from 'commander';

/** A whole number from `min` to `max`, decimal or 0x. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** A decimal number from `min` to `max`. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
    return value;
  };
}

/** A non-zero 64-bit seed. */
export function seed(text: string): bigint {
  const value = /^\d+$/.test(text) ? BigInt(text) : 0n;
  if (value < 1n || value > 0xffff_ffff_ffff_ffffn) {
    throw new InvalidArgumentError('Give a whole number from 1 to 18446744073709551615.');
  }
  return value;
}
