/** Boards that one can buy, as data: flash, PSRAM, pins, screens. */
export {
  type Board,
  type BoardScreen,
  boards,
  defaultBoard,
  findBoard,
  type ScreenController,
} from './boards.ts';
export { parseScreen, withScreen } from './screen-option.ts';
