/** Numbers and text on the console. String literals are static data (UTF-16, ASCII only here); nothing is allocated. */
import { write } from "./console";

/** Prints an ASCII literal; `\n` becomes CR LF on the wire. */
export function print(text: string): void {
  const start = changetype<usize>(text);
  const end = start + text.length * 2;
  for (let at = start; at < end; at += 2) write(load<u8>(at));
}

/** Prints bytes up to a zero. */
export function printText(start: usize): void {
  for (let at = start; load<u8>(at); at++) write(load<u8>(at));
}

/** Prints bytes as they are, but for line ends. */
export function printBytes(start: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i++) write(load<u8>(start + i));
}

/** Decimal, without leading zeros. */
export function printNumber(value: u64): void {
  let divisor: u64 = 1;
  while (value / divisor >= 10) divisor *= 10;
  for (; divisor; divisor /= 10) write(0x30 + <u32>((value / divisor) % 10));
}

/** A number given in hundredths, as `12.34`. */
export function printHundredths(value: u64): void {
  printNumber(value / 100);
  const rest = <u32>(value % 100);
  write(0x2e);
  write(0x30 + rest / 10);
  write(0x30 + (rest % 10));
}

/** Hexadecimal with `digits` digits, the last ones of the value. */
export function printHex(value: u64, digits: i32): void {
  for (let shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    const digit = <u32>(value >> shift) & 15;
    write(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}

/** Prints a small non-negative single with up to three decimals, without trailing zeros. */
export function printFraction(value: f32): void {
  const thousandths = <u32>(value * 1000 + 0.5);
  printNumber(thousandths / 1000);
  let rest = thousandths % 1000;
  if (!rest) return;
  write(0x2e);
  for (let unit: u32 = 100; rest; unit /= 10) {
    write(0x30 + rest / unit);
    rest %= unit;
  }
}
