/** The simulated board as a serial device, wherever it runs. */
export { createSimulatedBoard, type SimulatedBoard, type SimulatedBoardOptions } from './board.ts';
