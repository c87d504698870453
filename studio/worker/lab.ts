/** The Worker: models, images and simulations. */
import { type CacheKey, cached } from '../../src/cache.ts';
import type { Firmware } from '../../src/firmware/index.ts';
import type { ImageChoice } from './build.ts';
import { imageKey } from './results.ts';
import { serve } from './serve.ts';
import { type OpenedModel, openShipped, SHIPPED_MODEL, sharedResults } from './shipped.ts';
import { tell } from './story.ts';

void sharedResults();

/** The model that is open, and what names it among the results. */
const open: { name: string; key: string; model: () => Promise<OpenedModel> } = {
  name: SHIPPED_MODEL,
  key: SHIPPED_MODEL,
  model: openShipped,
};

async function build(choice: ImageChoice): Promise<Firmware> {
  const { key: model, model: openModel } = open;
  const results = await sharedResults();
  const key: CacheKey = imageKey(model, choice.board, choice.precision);
  const building = results.get(key)
    ? undefined
    : await (await import('./build.ts')).prepare(await openModel(), choice, results);
  return cached(results, key, () => building!());
}

serve({
  async tell(question, context) {
    const { name } = open;
    const firmware = await build(question);
    return tell(firmware, name, question, await sharedResults(), context);
  },
});
