/**
 * What the exception vectors call: everything about the fault on UART0, then the end. It uses nothing that might be broken: no
 * tables, no state, only the UART. Frame: saved by src/firmware/start.ts.
 */
import { read32, write32 } from "./chip";
import { PANIC_ADDRESS, PANIC_CAUSE, PANIC_CORE, PANIC_DEPC, PANIC_PC, PANIC_PS, PANIC_REGISTERS, PANIC_SAR, PANIC_VECTOR } from "./contract/status";
import { Phase, Word, getWord, setWord } from "./status";
import { drain, put, readByte, waitForRoom } from "./uart";

const RTC_OPTIONS0: usize = 0x6000_8000;
const SOFTWARE_RESET: u32 = 0x8000_0000;

/** The return address of a vector's call lies within its 64 bytes. */
const VECTOR_OFFSETS: u32 = 0x3c0;
const DOUBLE_EXCEPTION: u32 = 0x3c0;

/** Prints the frame that the vectors saved; a byte on UART0 then restarts the chip. */
export function panic(frame: usize): void {
  if (getWord(Word.Phase) == Phase.Panic) for (;;) read32(RTC_OPTIONS0); // the other core, or this one again: one report is enough
  setWord(Word.Phase, Phase.Panic);
  say("\r\n\r\nPANIC: core ");
  writeByte(0x30 + load<u32>(frame, PANIC_CORE));
  say(", vector ");
  const vector = load<u32>(frame, PANIC_VECTOR) & VECTOR_OFFSETS;
  hex(vector);
  say("\r\ncause ");
  hex(load<u32>(frame, PANIC_CAUSE));
  say(" (");
  say(causeName(load<u32>(frame, PANIC_CAUSE)));
  say(")\r\nPC ");
  hex(vector == DOUBLE_EXCEPTION ? load<u32>(frame, PANIC_DEPC) : load<u32>(frame, PANIC_PC));
  say(" address ");
  hex(load<u32>(frame, PANIC_ADDRESS));
  say(" PS ");
  hex(load<u32>(frame, PANIC_PS));
  say(" SAR ");
  hex(load<u32>(frame, PANIC_SAR));
  for (let i: u32 = 0; i < 16; i++) {
    say(i & 3 ? " a" : "\r\na");
    if (i >= 10) writeByte(0x31);
    writeByte(0x30 + (i % 10));
    say(i < 10 ? "  " : " ");
    hex(load<u32>(frame + PANIC_REGISTERS + (<usize>i << 2)));
  }
  say("\r\nStopped. Any key restarts.\r\n");
  while (readByte() < 0) {}
  drain();
  write32(RTC_OPTIONS0, read32(RTC_OPTIONS0) | SOFTWARE_RESET);
  for (;;) read32(RTC_OPTIONS0);
}

/** EXCCAUSE, table 4-64 of the Xtensa ISA manual. */
function causeName(cause: u32): string {
  switch (cause) {
    case 0:
      return "illegal instruction";
    case 2:
      return "instruction fetch error";
    case 3:
      return "load or store error";
    case 6:
      return "divide by zero";
    case 9:
      return "unaligned access";
    case 20:
      return "instruction fetch prohibited";
    case 28:
      return "load prohibited";
    case 29:
      return "store prohibited";
    case 32:
      return "FPU off";
    case 35:
      return "PIE off";
    default:
      return "see EXCCAUSE in the Xtensa manual";
  }
}

function writeByte(byte: u32): void {
  waitForRoom();
  put(byte);
}

function say(text: string): void {
  for (let i = 0; i < text.length; i++) writeByte(load<u8>(changetype<usize>(text) + ((<usize>i) << 1)));
}

function hex(value: u32): void {
  say("0x");
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 15;
    writeByte(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}
