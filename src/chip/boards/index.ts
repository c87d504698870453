/** Boards that one can buy, as data: flash, PSRAM, pins, screens. */
export {
  type Board,
  type BoardScreen,
  boards,
  defaultBoard,
  findBoard,
  psramMegahertz,
  type ScreenController,
} from './boards.ts';
export { FLASH_SIZES, type MemoryChoice, PSRAM_SIZES, withMemory } from './memory-option.ts';
export { parseScreen, withScreen } from './screen-option.ts';
