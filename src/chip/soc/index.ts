/** The chip around its cores: memories, peripherals, ROM. */

export type { CacheGeometry } from './cache-tags.ts';
export { type Chip, type ChipOptions, createChip, type RunLimits } from './chip.ts';
export { type Activity, SUPPLY_VOLTS, type SupplyCurrent, supplyCurrent } from './current.ts';
export { type BusTiming, lineCosts } from './external-bus.ts';
export type { I2cDevice } from './i2c.ts';
export { type PinState, pinStates } from './pin-states.ts';
export { type BoardExecOptions, type BoardExecResult, executeOnBoard } from './program/execute.ts';
export { RESET_REASON, resetReasonName, resetsRtc } from './reset-reasons.ts';
export { readRomImage } from './rom/image.ts';
export { RomCallError } from './rom/stub.ts';
export { SCREEN_HEIGHT, SCREEN_WIDTH, type Screen } from './ssd1306.ts';
export type { Uart } from './uart.ts';
export type { UsbSerialJtag } from './usb-serial-jtag.ts';
export type { Warning, Warnings } from './warnings.ts';
export { type Wire, type WireFault, wireChips } from './wire.ts';
