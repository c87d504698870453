/** What the screen driver in device/screen needs from the builder: the board's wiring as numbers, font and splash as items. */
import type { BoardScreen } from '../../chip/boards/index.ts';
import { type MemoryItem, memoryItem } from '../memory.ts';
import { glyphCount, packFont } from './font.ts';
import { WIDTH } from './picture.ts';
import { drawSplash, type SplashText } from './splash.ts';

/** Head and tail, and the text between (device/screen/queue.ts). */
const QUEUE_BYTES = 8 + 1024;
const PAGES = 8;

const KINDS = { ssd1306: 1, sh1106: 2 } as const;

const NO_SCREEN = {
  screenKind: 0,
  screenAddress: 0,
  screenSda: 0,
  screenScl: 0,
  screenReset: -1,
  screenPower: -1,
  screenPowerOn: 0,
  screenFlip: 0,
  screenGlyphs: 0,
  screenQueue: 0,
  screenPicture: 0,
  screenFont: 0,
};

/** Numbers that device/screen/config.ts imports, but for the addresses of {@link screenItems}. */
export function screenConstants(screen: BoardScreen | undefined): Record<string, number> {
  if (!screen) return NO_SCREEN;
  const { screenQueue, screenPicture, screenFont, ...numbers } = NO_SCREEN;
  return {
    ...numbers,
    screenKind: KINDS[screen.controller],
    screenAddress: screen.address,
    screenSda: screen.sda,
    screenScl: screen.scl,
    screenReset: screen.reset ?? -1,
    screenPower: screen.power?.pin ?? -1,
    screenPowerOn: screen.power?.on ?? 0,
    screenFlip: screen.rotation === 180 ? 1 : 0,
    screenGlyphs: glyphCount,
  };
}

/** Memory of the screen driver with what is in it at the start; nothing for a board without a screen. */
export function screenItems(
  screen: BoardScreen | undefined,
  text: SplashText = {},
): (MemoryItem & { contents?: Uint8Array })[] {
  if (!screen) return [];
  const font = packFont();
  const picture = splashItem(text);
  return [
    memoryItem('screenQueue', QUEUE_BYTES, { lifetime: 'early', zero: true }),
    { ...memoryItem('screenPicture', picture.length), contents: picture },
    { ...memoryItem('screenFont', font.length, { memory: 'any' }), contents: font },
  ];
}

/** The splash, and behind it that the screen has not got any of its columns yet (device/screen/canvas.ts). */
function splashItem(text: SplashText): Uint8Array {
  const picture = drawSplash(text);
  const bytes = new Uint8Array(picture.length + 2 * PAGES);
  bytes.set(picture);
  bytes.fill(0, picture.length, picture.length + PAGES);
  bytes.fill(WIDTH, picture.length + PAGES);
  return bytes;
}
