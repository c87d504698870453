/** A screen described in words, as on a command line: `ssd1306:sda=8,scl=9,address=0x3c,reset=21,power=36,on=low,rotation=180`. */

import { UsageError } from '../../errors.ts';
import type { Board, BoardScreen, ScreenController } from './boards.ts';

const CONTROLLERS: readonly ScreenController[] = ['ssd1306', 'sh1106'];
const EXAMPLE = 'ssd1306:sda=8,scl=9[,address=0x3c][,reset=PIN][,power=PIN][,on=high|low][,rotation=180]';
const LAST_PIN = 48;

const complain = (text: string, what: string): never => {
  throw new UsageError(`cannot take the screen "${text}": ${what}; it is written ${EXAMPLE}`);
};

/** GPIOs that nothing can be wired to (docs/esp32-s3.md C1, D1, D2, D4), and why. */
const TAKEN: readonly (readonly [first: number, last: number, why: string])[] = [
  [0, 0, "is the BOOT button's: pulled low it keeps the chip in download mode"],
  [19, 20, 'is a line of the native USB'],
  [22, 25, 'does not exist on the ESP32-S3'],
  [26, 32, 'is taken by the flash'],
  [43, 44, 'is a line of the console (UART0)'],
  [45, 45, "is a strapping pin: pulled high it changes the flash's supply voltage"],
  [46, 46, 'is a strapping pin: pulled high it keeps the chip from download mode'],
];

function pinFault(pin: number): string | undefined {
  if (!Number.isInteger(pin) || pin < 0 || pin > LAST_PIN) return `is not a GPIO (0 to ${LAST_PIN})`;
  return TAKEN.find(([first, last]) => pin >= first && pin <= last)?.[2];
}

/** @throws UsageError that says what is wrong and shows the form */
export function parseScreen(text: string): BoardScreen {
  const [name, settings = ''] = text.toLowerCase().split(':', 2);
  const controller = CONTROLLERS.find((known) => known === name.trim());
  if (!controller) return complain(text, `"${name}" is none of ${CONTROLLERS.join(', ')}`);
  const given = new Map<string, string>();
  for (const part of settings.split(',').filter(Boolean)) {
    const [key, value] = part.split('=', 2).map((side) => side.trim());
    if (given.has(key)) complain(text, `${key} is given twice`);
    given.set(key, value ?? '');
  }
  const take = (key: string): string | undefined => {
    const value = given.get(key);
    given.delete(key);
    return value;
  };
  const takeNumber = (key: string, fault: (value: number) => string | undefined): number | undefined => {
    const value = take(key);
    if (value === undefined) return undefined;
    const number = value === '' ? Number.NaN : Number(value);
    const wrong = fault(number);
    if (wrong) complain(text, `${key}=${value} ${wrong}`);
    return number;
  };
  const sda = takeNumber('sda', pinFault) ?? complain(text, 'the pin sda is missing');
  const scl = takeNumber('scl', pinFault) ?? complain(text, 'the pin scl is missing');
  const reset = takeNumber('reset', pinFault);
  const pin = takeNumber('power', pinFault);
  const level = take('on');
  if (level !== undefined && pin === undefined) complain(text, 'on=... belongs to a power pin');
  if (level !== undefined && !['high', 'low', '1', '0'].includes(level))
    complain(text, `on=${level} is neither high nor low`);
  const address = takeNumber('address', (value) =>
    Number.isInteger(value) && value >= 8 && value < 0x78 ? undefined : 'is not a 7-bit I2C address',
  );
  const rotation = takeNumber('rotation', (value) =>
    value === 0 || value === 180 ? undefined : 'is neither 0 nor 180',
  );
  const [unknown] = given.keys();
  if (unknown !== undefined) complain(text, `"${unknown}" is not known`);
  const pins = [sda, scl, reset, pin].filter((used) => used !== undefined);
  if (new Set(pins).size !== pins.length) complain(text, 'two of its lines are on the same pin');
  return {
    controller,
    address: address ?? 0x3c,
    sda,
    scl,
    ...(reset === undefined ? {} : { reset }),
    ...(pin === undefined ? {} : { power: { pin, on: level === 'low' || level === '0' ? 0 : 1 } }),
    rotation: rotation === 180 ? 180 : 0,
  };
}

/** The board with the screen that `wiring` describes, or with `none`. @throws UsageError if its PSRAM has one of the pins */
export function withScreen(board: Board, wiring: string): Board {
  if (wiring === 'none') return { ...board, screen: undefined };
  const screen = parseScreen(wiring);
  const pins = [screen.sda, screen.scl, screen.reset, screen.power?.pin];
  const taken = pins.find((pin) => pin !== undefined && pin >= 33 && pin <= 37);
  if (board.psramMode === 'octal' && taken !== undefined)
    throw new UsageError(`GPIO${taken} is taken by the octal PSRAM of ${board.name}; use another pin`);
  return { ...board, screen };
}
