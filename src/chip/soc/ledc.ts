/** LEDC, PWM on up to eight pins (TRM chapter 35; ESP-IDF ledc_reg.h, ledc_ll.h; docs/esp32-s3.md D7): steady duties, no fading. */

import { TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext, RC_FAST_HERTZ } from './context.ts';
import { createRegisterBlock, type Peripheral, type RegisterHooks } from './peripheral.ts';

export const LEDC_CHANNELS = 8;
const TIMERS = 4;
/** Signal of channel 0 in the GPIO matrix; the others follow. */
export const LEDC_SIGNAL0 = 73;

const CHANNEL_BYTES = 0x14;
const TIMER0_CONF = 0xa0;
const CONF = 0xd0;

// CONF0 of a channel
const CHANNEL_UPDATE = 1 << 4;
const IDLE_HIGH = 1 << 3;
const OUTPUT = 1 << 2;
const DUTY_START = 1 << 31;
// CONF of a timer
const TIMER_UPDATE = 1 << 25;
const TIMER_RESET = 1 << 23;
const PAUSE = 1 << 22;

export interface Pwm {
  readonly hertz: number;
  /** Share of the time that it is high, 0 to 1. */
  readonly duty: number;
}

export interface Ledc extends Peripheral {
  /** What a channel puts out; undefined while it puts out its idle level. */
  pwm(channel: number): Pwm | undefined;
  /** Its level now. */
  level(channel: number): boolean;
}

export interface LedcOptions {
  readonly base: number;
  /** SYSTEM gives it its clock and does not hold it in reset. */
  running(): boolean;
}

export function createLedc(context: PeripheralContext, { base, running }: LedcOptions): Ledc {
  /** What has been taken over: the registers hold what comes next. */
  const channels = Array.from({ length: LEDC_CHANNELS }, () => ({ conf: 0, duty: 0, hpoint: 0 }));
  const timers = Array.from({ length: TIMERS }, () => ({ divider: 0, bits: 0 }));

  const registers: Record<number, number | RegisterHooks> = { [CONF]: 0, [0xfc]: 0x19040200 };
  for (let i = 0; i < LEDC_CHANNELS; i++) {
    const at = CHANNEL_BYTES * i;
    registers[at] = {
      write(value) {
        if (value & CHANNEL_UPDATE) {
          channels[i].conf = value;
          channels[i].hpoint = block.get(at + 4);
          if (block.get(at + 12) & DUTY_START) channels[i].duty = block.get(at + 8) / 16;
          block.set(at + 12, block.get(at + 12) & ~DUTY_START);
        }
        return value & ~CHANNEL_UPDATE;
      },
    };
    registers[at + 4] = 0;
    registers[at + 8] = 0;
    registers[at + 12] = 1 << 30;
    registers[at + 16] = { read: () => channels[i].duty * 16 };
  }
  for (let i = 0; i < TIMERS; i++) {
    const at = TIMER0_CONF + 8 * i;
    registers[at] = {
      reset: TIMER_RESET,
      write(value) {
        if (value & TIMER_UPDATE) timers[i] = { divider: (value >>> 4) & 0x3ffff, bits: value & 15 };
        return value & ~TIMER_UPDATE;
      },
    };
    registers[at + 4] = { read: () => Math.floor(phase(i) * 2 ** timers[i].bits) };
  }
  const block = createRegisterBlock({
    name: 'LEDC',
    base,
    size: 0x1000,
    warnings: context.warnings,
    plain: [[0xc0, 0xd0]], // interrupts: none is raised
    registers,
  });

  const sourceHertz = (): number =>
    [0, context.apbHertz(), RC_FAST_HERTZ, CRYSTAL_HERTZ][block.get(CONF) & 3];
  const hertzOf = (timer: number): number => {
    const { divider, bits } = timers[timer];
    const stands = (block.get(TIMER0_CONF + 8 * timer) & (TIMER_RESET | PAUSE)) !== 0 || divider < 0x100;
    return stands || !running() ? 0 : (sourceHertz() * 256) / divider / 2 ** bits;
  };
  /** Where in its period a timer is, 0 to 1. */
  const phase = (timer: number): number => ((context.clock.ticks / TICKS_PER_SECOND) * hertzOf(timer)) % 1;

  const pwm = (channel: number): Pwm | undefined => {
    const { conf, duty } = channels[channel];
    const timer = conf & 3;
    const hertz = hertzOf(timer);
    if (!(conf & OUTPUT) || hertz === 0) return undefined;
    return { hertz, duty: Math.min(duty / 2 ** timers[timer].bits, 1) };
  };
  return {
    ...block,
    pwm,
    level(channel) {
      const { conf, hpoint } = channels[channel];
      const found = pwm(channel);
      if (found === undefined) return (conf & IDLE_HIGH) !== 0;
      const timer = conf & 3;
      const since = (phase(timer) - hpoint / 2 ** timers[timer].bits + 1) % 1;
      return since < found.duty;
    },
    reset() {
      block.reset();
      channels.forEach((channel) => void Object.assign(channel, { conf: 0, duty: 0, hpoint: 0 }));
      timers.fill({ divider: 0, bits: 0 });
    },
  };
}
