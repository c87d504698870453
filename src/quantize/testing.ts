/** For tests and benches of what zeros are worth. */
import type { DevicePrograms } from '../device-programs.ts';
import { createHostEngine } from './host.ts';
import type { QuantizedModel } from './types.ts';

/** Share of a ReLU model's hidden units that are not zero where it reads these tokens, 0 to 1. */
export function activeShare(
  model: QuantizedModel,
  programs: DevicePrograms,
  tokens: readonly number[],
): number {
  let [active, all] = [0, 0];
  const engine = createHostEngine(model, {
    programs,
    observer: (name, args, run) => {
      const result = run();
      if (name === 'relu_list') {
        active += new DataView(engine.memory.buffer).getInt32(args[2], true);
        all += args[3];
      }
      return result;
    },
  });
  tokens.forEach((token, position) => void engine.forward(token, position));
  return active / all;
}
