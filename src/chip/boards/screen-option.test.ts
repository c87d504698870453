import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { findBoard } from './boards.ts';
import { parseScreen, withScreen } from './screen-option.ts';

describe('parseScreen', () => {
  it('takes pins alone', () => {
    expect(parseScreen('ssd1306:sda=8,scl=9')).toEqual({
      controller: 'ssd1306',
      address: 0x3c,
      sda: 8,
      scl: 9,
      rotation: 0,
    });
  });

  it('takes everything', () => {
    expect(
      parseScreen('SH1106: sda=1, scl=2, address=0x3D, reset=21, power=36, on=low, rotation=180'),
    ).toEqual({
      controller: 'sh1106',
      address: 0x3d,
      sda: 1,
      scl: 2,
      reset: 21,
      power: { pin: 36, on: 0 },
      rotation: 180,
    });
  });

  it.each([
    ['ssd1305:sda=8,scl=9', /"ssd1305" is none of ssd1306, sh1106/],
    ['ssd1306', /sda is missing/],
    ['ssd1306:sda=8', /scl is missing/],
    ['ssd1306:sda=8,scl=8', /same pin/],
    ['ssd1306:sda=8,scl=9,sda=7', /given twice/],
    ['ssd1306:sda=24,scl=9', /does not exist/],
    ['ssd1306:sda=27,scl=9', /taken by the flash/],
    ['ssd1306:sda=49,scl=9', /not a GPIO/],
    ['ssd1306:sda=43,scl=44', /sda=43 is a line of the console/],
    ['ssd1306:sda=8,scl=44', /scl=44 is a line of the console/],
    ['ssd1306:sda=19,scl=20', /sda=19 is a line of the native USB/],
    ['ssd1306:sda=0,scl=9', /sda=0 is the BOOT button's/],
    ['ssd1306:sda=8,scl=45', /scl=45 is a strapping pin/],
    ['ssd1306:sda=8,scl=9,reset=46', /reset=46 is a strapping pin/],
    ['ssd1306:sda=,scl=9', /not a GPIO/],
    ['ssd1306:sda=8,scl=9,address=0x80', /not a 7-bit/],
    ['ssd1306:sda=8,scl=9,rotation=90', /neither 0 nor 180/],
    ['ssd1306:sda=8,scl=9,on=low', /belongs to a power pin/],
    ['ssd1306:sda=8,scl=9,power=3,on=maybe', /neither high nor low/],
    ['ssd1306:sda=8,scl=9,colour=red', /"colour" is not known/],
  ])('refuses %s', (text, reason) => {
    expect(() => parseScreen(text)).toThrow(UsageError);
    expect(() => parseScreen(text)).toThrow(reason);
  });

  it('refuses anything else in a sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseScreen(`ssd1306:${text}`)).toThrow(UsageError);
      }),
    );
  });
});

describe('withScreen', () => {
  it('adds a screen, or takes it away', () => {
    expect(withScreen(findBoard('bare-s3'), 'ssd1306:sda=8,scl=9').screen?.sda).toBe(8);
    expect(withScreen(findBoard('heltec-v3'), 'none').screen).toBeUndefined();
  });

  it('knows the pins of octal PSRAM', () => {
    expect(() => withScreen(findBoard('devkitc-n16r8'), 'ssd1306:sda=35,scl=9')).toThrow(/octal PSRAM/);
    expect(withScreen(findBoard('devkitc-n8'), 'ssd1306:sda=35,scl=9').screen?.sda).toBe(35);
  });
});
