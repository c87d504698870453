/**
 * Pins that follow answers: the packed grammar holds a table of answers, as the 64-bit FNV-1a of what is printed for them, with a pin and
 * what to do with it (src/contract/grammar.ts). Nothing else that is said moves a pin.
 */
import { grammar } from "./contract/config";
import { DIGEST_OFFSET_BASIS, DIGEST_PRIME, NOTE_PINS, PIN_ACTION, PIN_ANSWER, PIN_BYTES, PIN_GPIO, PIN_READ } from "./contract/status";
import { read32 } from "./chip";
import { noteOfStart } from "./grammar";
import { drivePin, prepareInput } from "./screen/i2c";
import { print, printNumber } from "./text";

const GPIO_IN: usize = 0x6000_403c;
const LINE_FEED: u8 = 10;

let answer: u64 = 0;

export function beginAnswer(): void {
  answer = DIGEST_OFFSET_BASIS;
}

/** Takes printed text in; line feeds are left out. */
export function noteAnswer(text: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i++) {
    const byte = load<u8>(text + i);
    if (byte != LINE_FEED) answer = (answer ^ byte) * DIGEST_PRIME;
  }
}

/** Does what the table says of the answer, and prints how the pins stand then. */
export function act(): void {
  const note = noteOfStart();
  const offset = note ? <usize>load<u32>(note + NOTE_PINS) : 0;
  if (!offset) return;
  const table = grammar + offset;
  const count = load<u32>(table);
  for (let i: u32 = 0; i < count; i++) {
    const entry = table + 4 + <usize>i * PIN_BYTES;
    if (load<u32>(entry + PIN_ANSWER) != <u32>answer || load<u32>(entry + PIN_ANSWER + 4) != <u32>(answer >> 32)) continue;
    apply(load<u32>(entry + PIN_GPIO), load<u32>(entry + PIN_ACTION));
  }
}

function apply(pin: u32, action: u32): void {
  if (action == PIN_READ) prepareInput(pin);
  else drivePin(pin, action);
  print('\n{"gpio":');
  printNumber(pin);
  print(',"level":');
  printNumber(action == PIN_READ ? levelOf(pin) : action);
  print("}");
}

function levelOf(pin: u32): u32 {
  return (read32(GPIO_IN + (pin < 32 ? 0 : 4)) >> (pin & 31)) & 1;
}
