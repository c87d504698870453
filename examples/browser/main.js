/** Compiles a model for a board in the page; a Worker boots the image, so that the page stays alive. */
import {
  buildFirmware,
  fetchDevicePrograms,
  findBoard,
  loadCheckpoint,
  loadTokenizer,
  quantize,
} from './esp32-llm/index.js';

const log = document.querySelector('#log');
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const { searchParams } = new URL(location.href);

const model = loadCheckpoint(await bytes('models/model.bin'));
const tokenizer =
  model.tokenizer ?? loadTokenizer(await bytes('models/tokenizer.bin'), model.config.vocabulary);
const programs = await fetchDevicePrograms('device', ['main.chip.wasm']);
const board = findBoard(searchParams.get('board') ?? 'devkitc-n16r8');
const firmware = buildFirmware({ programs, model: quantize(model), tokenizer, board });

const worker = new Worker('worker.js', { type: 'module' });
worker.onmessage = ({ data }) => {
  log.append(
    data.text ?? `\npredicted ${data.tokensPerSecond.mean.toFixed(0)} tokens/s, digest ${data.digest}\n`,
  );
  if (data.digest) document.body.dataset.digest = data.digest;
};
worker.onerror = ({ message }) => {
  document.body.dataset.error = message;
};
const prompt = searchParams.get('prompt') ?? 'Once upon a time';
const story = { prompt, tokens: Number(searchParams.get('tokens') ?? 200), temperature: 0 };
worker.postMessage({ firmware, story });
