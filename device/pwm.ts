/** PWM by LEDC (TRM chapter 35; ESP-IDF ledc_ll.h; docs/esp32-s3.md D7): 5 kHz in 1,024 steps, from the crystal by timer 0. */
import { read32, write32 } from "./chip";
import { setBits } from "./clock";
import { givePin } from "./gpio";

const LEDC: usize = 0x6001_9000;
const CHANNEL_BYTES: usize = 0x14;
const TIMER0: usize = LEDC + 0xa0;
const CONF: usize = LEDC + 0xd0;
const CRYSTAL: u32 = 3;
const SIGNAL0: u32 = 73;

const CLOCK_GATE: usize = 0x600c_0018;
const BLOCK_RESET: usize = 0x600c_0020;
const GATE: u32 = 1 << 11;

const BITS: u32 = 10;
/** 40 MHz / 5 kHz / 1,024 in 1/256. */
const DIVIDER: u32 = 2000;
const TIMER_UPDATE: u32 = 1 << 25;
const TIMER_RESET: u32 = 1 << 23;
const OUTPUT: u32 = 1 << 2;
const CHANNEL_UPDATE: u32 = 1 << 4;
/** DUTY_START, DUTY_INC, one step of one period by nothing: the duty as it is. */
const STEADY: u32 = (1 << 31) | (1 << 30) | (1 << 20) | (1 << 10);

/** A pin that is high for `percent` of the time. */
export function drivePulses(pin: u32, channel: u32, percent: u32): void {
  if (!read32(CONF)) startTimer();
  const at = LEDC + <usize>channel * CHANNEL_BYTES;
  write32(at + 4, 0);
  write32(at + 8, ((percent << BITS) / 100) << 4);
  write32(at + 12, STEADY);
  write32(at, OUTPUT | CHANNEL_UPDATE);
  givePin(pin, SIGNAL0 + channel);
}

function startTimer(): void {
  setBits(CLOCK_GATE, 0, GATE);
  setBits(BLOCK_RESET, 0, GATE);
  setBits(BLOCK_RESET, GATE, 0);
  write32(CONF, CRYSTAL);
  const timer = (DIVIDER << 4) | BITS;
  write32(TIMER0, timer | TIMER_UPDATE);
  write32(TIMER0, timer | TIMER_RESET);
  write32(TIMER0, timer);
}
