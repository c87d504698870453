/** Boots an image on the simulated chip and tells a story; posts what leaves the UART, then digest and speed. */
import { simulate } from './esp32-llm/index.js';

self.onmessage = ({ data: { firmware, story } }) => {
  const decoder = new TextDecoder();
  const output = (bytes) => postMessage({ text: decoder.decode(bytes, { stream: true }) });
  const { digest, tokensPerSecond } = simulate(firmware, { ...story, output });
  postMessage({ digest, tokensPerSecond });
};
