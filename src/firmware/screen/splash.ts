/** What the screen shows until the first story begins. */
import { dragon } from './dragon.ts';
import { glyphOf, textWidth } from './font.ts';
import { createPicture, type Picture, WIDTH } from './picture.ts';

export interface SplashText {
  /** Below the title; in two lines if it is long. */
  modelName?: string;
}

/** Columns right of the drawing. */
const LEFT = 62;
const LINE = 9;

export function drawSplash({ modelName = '' }: SplashText): Uint8Array {
  const picture = createPicture();
  picture.draw(0, 0, dragon);
  writeLarge(picture, 'esp32', 4);
  writeLarge(picture, 'llm', 24);
  linesOf(modelName).forEach((text, index, { length }) => {
    picture.center(LEFT, WIDTH, 64 - LINE * (length - index), text);
  });
  return picture.bytes;
}

/** Text at twice its size, in the middle of what is right of the drawing. */
function writeLarge(picture: Picture, text: string, y: number): void {
  let x = Math.round((LEFT + WIDTH) / 2 - textWidth(text));
  for (const character of text) {
    const { width, columns } = glyphOf(character);
    columns.forEach((bits, i) => {
      for (let j = 0; j < 8; j++) {
        if ((bits >> j) & 1) picture.draw(x + 2 * i, y + 2 * j, ['##', '##']);
      }
    });
    x += 2 * (width + 1);
  }
}

/** One or two lines, cut where they are too long for the place. */
function linesOf(name: string): string[] {
  const lines = [''];
  for (const character of name) {
    if (textWidth(lines[lines.length - 1] + character) > WIDTH - LEFT) lines.push('');
    lines[lines.length - 1] += character;
  }
  return lines.slice(0, 2);
}
