/** What the screen shows until the first story begins. */
import { createPicture } from './picture.ts';

export interface SplashText {
  modelName?: string;
}

export function drawSplash({ modelName }: SplashText): Uint8Array {
  const picture = createPicture();
  picture.center(0, 128, 10, 'esp32-llm');
  if (modelName) picture.center(0, 128, 50, modelName);
  return picture.bytes;
}
