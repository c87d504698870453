/** The simulated board as a serial device. */
export { createFlashSaver, readFlashFile } from './flash-file.ts';
export {
  type CellStyle,
  createScreenView,
  printableScreen,
  renderScreen,
  type ScreenView,
  type Terminal,
} from './screen-view.ts';
export { encodeScreenshot, writeScreenshot } from './screenshot.ts';
export { type Served, servePseudoTerminal, serveTcp } from './serve.ts';
export { createSimulatedBoard, type SimulatedBoard, type SimulatedBoardOptions } from './simulated/index.ts';
