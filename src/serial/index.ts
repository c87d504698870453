/** Flashing, monitoring and talking to a board, real or simulated, over any {@link Connection}. */
export { createPanicDecoder, createSymbolizer } from './addresses.ts';
export { type BrowserPortOptions, type BrowserSerialPort, openBrowserPort } from './browser-port.ts';
export {
  type Connection,
  type ControlLines,
  DEFAULT_BAUD,
  LostError,
  lostError,
  type UsbId,
  whileConnected,
} from './connection.ts';
export { type Answered, converse, type Laid, layTurns } from './conversation.ts';
export {
  type Device,
  openDevice,
  type ReadyEvent,
  RestartedError,
  type StartEvent,
  type Story,
  type TokenEvent,
  tokensPerSecond,
} from './device.ts';
export {
  type BoardNeeds,
  type ChipIdentity,
  type FlashOptions,
  type FlashPart,
  flashBoard,
  needsOf,
} from './flash.ts';
export { isInLoader } from './hopeless.ts';
export { isLasting } from './lasting.ts';
export { createLineSplitter } from './lines.ts';
export { createListeners, createSignal } from './listeners.ts';
export { choosePort, describePorts, type PortInfo, USB_SERIAL_JTAG } from './ports.ts';
export { awaitProgram, type ProgramOptions, type RunningProgram } from './program.ts';
export { isNativeUsb } from './restart.ts';
export {
  type Rollout,
  type RolloutBoard,
  type RolloutOptions,
  type RolloutStep,
  rollOut,
} from './rollout.ts';
export { createTextStream, type TextStream, trimmedStart } from './text-stream.ts';
export {
  type Expectation,
  expectationFrom,
  expectationOf,
  type Verification,
  verifyBoard,
} from './verify.ts';
