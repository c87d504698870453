/** What a reset does to the whole chip or to one core, and what happens where a core enters the ROM. */
import { type ChipParts, GPIO0 } from './chip-parts.ts';
import { RESET_REASON, resetsRtc } from './reset-reasons.ts';
import { bootMode } from './rom/boot.ts';
import type { RomPlace } from './rom/stub.ts';

/** The ROM's code that waits or loops: what a reset finds in core 0's PC recorder. */
const ROM_PC = 0x40045c01;
/** ASSIST_DEBUG's recorder of core 0's PC. */
const RECORDED_PC = 0x5c;

export function resetSystem(parts: ChipParts, reason: number): void {
  const { cores, peripherals, bus, memory, core1, rom } = parts;
  const isRtcReset = resetsRtc(reason);
  const isChipReset =
    isRtcReset && (reason !== RESET_REASON.rtcWatchdogRtc || peripherals.rtc.dogResetsChip());
  const recordedPc = reason === RESET_REASON.powerOn ? 0 : rom.isRunning() ? ROM_PC : cores[0].state.pc;
  for (const core of cores) {
    core.running = false;
    core.reset();
  }
  if (isRtcReset) peripherals.usb.downloadRequested = false;
  if (isChipReset) parts.latchedPins = parts.pins;
  const { latchedPins } = parts;
  peripherals.gpio.strap = peripherals.usb.downloadRequested ? latchedPins & ~GPIO0 : latchedPins;
  parts.boot.fromFlash = bootMode(peripherals.gpio.strap).mode === 'flash';
  for (const { peripheral } of peripherals.blocks) peripheral.reset();
  peripherals.cached.reset();
  if (isRtcReset) peripherals.rtc.powerOn();
  bus.resetQueues();
  bus.setCpuBanks(peripherals.sensitive.cpuBanks());
  memory.remapped();
  peripherals.rtc.setResetReason(0, reason);
  peripherals.rtc.setResetReason(1, reason);
  peripherals.assistDebug.set(RECORDED_PC, recordedPc);
  core1.reset();
  for (const listener of parts.resetListeners) listener(reason);
  if (!parts.held) rom.boot();
}

function resetCore({ cores, peripherals, core1, rom }: ChipParts, index: 0 | 1, reason: number): void {
  peripherals.rtc.setResetReason(index, reason);
  if (index === 1) core1.reset();
  else {
    peripherals.assistDebug.set(RECORDED_PC, cores[0].state.pc);
    rom.boot();
  }
}

/** Carries out the reset that a peripheral asked for, if one did. */
export function performReset(parts: ChipParts): void {
  if (!parts.pendingReset) return;
  const { reason, cores } = parts.pendingReset;
  parts.pendingReset = undefined;
  if (cores === 'system') resetSystem(parts, reason);
  else resetCore(parts, cores, reason);
}

/** What happens when a core's PC comes to a place of the ROM that is ours. */
export function enterRom(
  { cores, rom, core1, warnings }: ChipParts,
  index: 0 | 1,
  place: RomPlace,
  address: number,
): void {
  cores[index].running = false;
  if (place === 'exception' || place === 'interrupt') rom.panic(index);
  else if (place === 'user-code-done') rom.userCodeDone();
  else if (place === 'core1-wait') core1.waitAgain();
  else if (place === 'reset' && index === 0) rom.boot();
  else {
    warnings.pc = address;
    warnings.once(`rom ${index}`, address, `core ${index} returned into the ROM and stays there`);
  }
}
