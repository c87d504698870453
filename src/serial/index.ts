/** Flashing, monitoring and talking to a board, real or simulated, over any {@link Connection}. */
export { createPanicDecoder, createSymbolizer } from './addresses.ts';
export {
  type Connection,
  type ControlLines,
  DEFAULT_BAUD,
  type UsbId,
} from './connection.ts';
export {
  type BoardNeeds,
  type ChipIdentity,
  type FlashOptions,
  type FlashPart,
  flashBoard,
} from './flash.ts';
export { createLineSplitter } from './lines.ts';
export { createListeners } from './listeners.ts';
export { type Machine, openMachine, type TokenEvent, tokensPerSecond } from './machine.ts';
export { choosePort, describePorts, type PortInfo } from './ports.ts';
export { type Expectation, expectationOf, type Verification, verifyBoard } from './verify.ts';
