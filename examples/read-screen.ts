/** A board with a screen tells a story; what its 128x64 pixels show is read back and printed, two rows in one. */
import { buildFirmware, createSession, findBoard, quantize } from 'esp32-llm';
import { shippedModel, shippedPrograms } from 'esp32-llm/node';

const { model, tokenizer } = shippedModel();
const board = findBoard('t-camera-s3');
const session = createSession(
  buildFirmware({ programs: shippedPrograms, model: quantize(model), tokenizer, board }),
);
session.boot();
session.command('/temp 0');
session.command('/tokens 12');
session.tell('Once upon a time', 10);
session.chip.run({ maxCycles: 48e6 }); // 0.2 s: the screen is written between tokens, and lags behind
const pixels = session.chip.screen!.pixels();
for (let y = 0; y < 64; y += 2) {
  const lit = (x: number): number => pixels[y * 128 + x] + 2 * pixels[(y + 1) * 128 + x];
  console.log(Array.from({ length: 128 }, (_, x) => ' ▀▄█'[lit(x)]).join(''));
}
