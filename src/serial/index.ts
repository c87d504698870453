/** Flashing, monitoring and talking to a board, real or simulated. */
export { createSymbolizer } from './addresses.ts';
export { type Connection, type ControlLines, DEFAULT_BAUD } from './connection.ts';
export { type BoardNeeds, type ChipIdentity, type FlashPart, flashBoard } from './flash.ts';
export { createListeners } from './listeners.ts';
export { type Machine, openMachine, type TokenEvent, tokensPerSecond } from './machine.ts';
export { monitor } from './monitor.ts';
export { openConnection } from './open.ts';
export { choosePort, listPorts, type PortInfo } from './ports.ts';
export { socketConnection } from './tcp.ts';
export { type Expectation, expectationOf, type Verification, verifyBoard } from './verify.ts';
