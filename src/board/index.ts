/** The simulated board as a serial device. */
export { createSimulatedBoard, type SimulatedBoard, type SimulatedBoardOptions } from './board.ts';
export { createFlashSaver, readFlashFile } from './flash-file.ts';
export { type Served, servePseudoTerminal, serveTcp } from './serve.ts';
