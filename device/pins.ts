/**
 * Pins that follow answers: the packed grammar holds a table of answers, as the 64-bit FNV-1a of what is printed for them, with a pin and
 * what to do with it (src/contract/grammar.ts). Nothing else that is said moves a pin.
 */
import { grammar } from "./contract/config";
import {
  DIGEST_OFFSET_BASIS, DIGEST_PRIME, NOTE_PINS, PIN_ACTION, PIN_ANSWER, PIN_BYTES, PIN_GPIO, PIN_VALUE, PinAction,
} from "./contract/status";
import { drivePin, prepareInput, readPin } from "./gpio";
import { noteOfStart } from "./grammar";
import { drivePulses } from "./pwm";
import { NO_READING, countsOf, millivoltsOf, temperature } from "./readings";
import { print, printNumber } from "./text";

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
    apply(load<u32>(entry + PIN_GPIO), load<u32>(entry + PIN_ACTION), load<u32>(entry + PIN_VALUE));
  }
}

function apply(pin: u32, action: u32, value: u32): void {
  switch (action) {
    case PinAction.Pwm:
      drivePulses(pin, value >> 16, value & 0xffff);
      return report(pin, ',"pwm":', value & 0xffff);
    case PinAction.Adc:
      return reportVoltage(pin, countsOf(pin));
    case PinAction.Temperature:
      return reportTemperature(temperature());
    case PinAction.Read:
      prepareInput(pin);
      return report(pin, ',"level":', readPin(pin));
    default:
      drivePin(pin, action);
      report(pin, ',"level":', action);
  }
}

function report(pin: u32, what: string, value: u32): void {
  begin(pin, what);
  printNumber(value);
  print("}");
}

function begin(pin: u32, what: string): void {
  print('\n{"gpio":');
  printNumber(pin);
  print(what);
}

/** Without calibration in the eFuse the counts are all there is. */
function reportVoltage(pin: u32, counts: i32): void {
  if (counts == NO_READING) {
    begin(pin, ',"adc":null}');
    return;
  }
  begin(pin, ',"adc":');
  printNumber(counts);
  const millivolts = millivoltsOf(counts);
  if (millivolts != NO_READING) {
    print(',"millivolts":');
    printNumber(max(millivolts, 0));
  }
  print("}");
}

function reportTemperature(tenths: i32): void {
  print('\n{"celsius":');
  if (tenths == NO_READING) print("null");
  else {
    if (tenths < 0) print("-");
    const size = <u32>(tenths < 0 ? -tenths : tenths);
    printNumber(size / 10);
    print(".");
    printNumber(size % 10);
  }
  print("}");
}
