/** A story from the model that ships, told by a simulated ESP32-S3. */
import { buildFirmware, quantize, simulate } from 'esp32-llm';
import { shippedModel, shippedPrograms } from 'esp32-llm/node';

const { model, tokenizer } = shippedModel();
const firmware = buildFirmware({ programs: shippedPrograms, model: quantize(model), tokenizer });
const { printed, digest, tokensPerSecond } = simulate(firmware, {
  prompt: 'Once upon a time',
  temperature: 0,
  tokens: 40,
});
console.log(printed);
console.log(`digest ${digest}, predicted ${tokensPerSecond.mean.toFixed(0)} tokens/s`);
