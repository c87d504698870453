import { expect, it } from 'vitest';
import { CALIBRATION, countsAt, INITIAL_CODE } from './adc-curve.ts';
import { createClock, TICKS_PER_SECOND } from './clock.ts';
import { createLedc } from './ledc.ts';
import { createSens } from './sens.ts';
import { createWarnings } from './warnings.ts';

function contextOf() {
  const clock = createClock();
  return { clock, warnings: createWarnings(), apbHertz: () => 80e6, interrupt() {} };
}
const after = ({ clock }: ReturnType<typeof contextOf>, seconds: number): void => {
  clock.cycles += (seconds * TICKS_PER_SECOND) / clock.ticksPerCycle;
};

/** ESP-IDF's cali_raw_to_voltage at 12 dB, with its truncations. */
function voltageOf(raw: number): number {
  const vol = CALIBRATION.find(({ name }) => name === 'ADC1_CAL_VOL_ATTEN3')!.value;
  const slope = (65536n * 850n) / BigInt(900 + vol);
  const v = (BigInt(raw) * slope) / 65536n;
  const terms = [
    -((v * 644334888647536n) / 10n ** 16n),
    (v ** 2n * 1297891447611n) / 10n ** 16n,
    -((v ** 3n * 70769718n) / 10n ** 15n),
    (v ** 4n * 13515n) / 10n ** 15n,
  ];
  return Number(v - terms.reduce((sum, term) => sum + term, 0n));
}

it("counts a voltage as Espressif's calibration reads it", () => {
  for (let millivolts = 0; millivolts <= 2900; millivolts += 10)
    expect(Math.abs(voltageOf(countsAt(millivolts)) - millivolts), String(millivolts)).toBeLessThanOrEqual(3);
});

it('converts one channel for who sets it up, with the initial code it was given', () => {
  const context = contextOf();
  const analog = new Uint8Array(16);
  const sens = createSens(context, {
    base: 0x60008800,
    millivolts: (channel) => (channel === 3 ? 1000 : 0),
    analogRegister: (register) => analog[register],
  });
  const start = (pads: number): number => {
    const asked = (1 << 18) | (1 << 31) | (pads << 19);
    sens.write(0x0c, asked);
    sens.write(0x0c, asked | (1 << 17));
    after(context, 100e-6);
    return sens.read(0x0c) & 0x1ffff;
  };
  expect(start(8)).toBe(0);
  expect(context.warnings.list[0].message).toMatch(/its clock is off/);
  sens.write(0x104, 1 << 30);
  expect(start(8)).toBe(0x10000); // the initial code is 0: no counts are left
  analog[1] = INITIAL_CODE >> 8;
  analog[0] = INITIAL_CODE & 0xff;
  expect(start(8)).toBe(0x10000 + countsAt(1000));
  expect(start(1)).toBe(0x10000);
  expect(start(3)).toBe(0);
});

it('puts out pulses that are told of when they are taken over, while its clock runs', () => {
  const context = contextOf();
  let running = true;
  const ledc = createLedc(context, { base: 0x60019000, running: () => running });
  ledc.write(0xd0, 1); // APB
  ledc.write(0xa8, (1 << 25) | (0x100 << 4) | 8); // timer 1: 80 MHz / 256
  ledc.write(0x2c + 8 - 4, 64 << 4); // channel 2: a quarter of 256
  ledc.write(0x28 + 12, 1 << 31);
  expect(ledc.pwm(2)).toBeUndefined();
  ledc.write(0x28, (1 << 4) | (1 << 2) | 1);
  expect(ledc.pwm(2)).toEqual({ hertz: 312_500, duty: 0.25 });
  expect(ledc.read(0x28 + 16)).toBe(64 << 4);
  const levels = Array.from({ length: 400 }, () => {
    after(context, 0.8e-7);
    return ledc.level(2);
  });
  expect(levels.filter(Boolean).length / levels.length).toBeCloseTo(0.25, 1);
  running = false;
  expect(ledc.pwm(2)).toBeUndefined();
  expect(ledc.level(2)).toBe(false);
});
