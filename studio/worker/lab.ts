/** The Worker that tells stories: models, images and simulations. */
import { type CacheKey, cached } from '../../src/cache.ts';
import type { Firmware } from '../../src/firmware/index.ts';
import type { OpenedModel } from '../../src/model/index.ts';
import { needsOf } from '../../src/serial/index.ts';
import type { ImageChoice, LabCalls } from './protocol.ts';
import { imageKey } from './results.ts';
import { serve } from './serve.ts';
import { openShipped, SHIPPED_MODEL, sharedResults } from './shipped.ts';
import { factsOf, tell } from './story.ts';

void sharedResults();

interface Open {
  name: string;
  /** Names the model among the results. */
  key: string;
  model(): Promise<OpenedModel>;
}

const shipped: Open = { name: SHIPPED_MODEL, key: SHIPPED_MODEL, model: openShipped };
let open = shipped;
let opened = 0;

async function build(choice: ImageChoice): Promise<Firmware> {
  const { key: model, model: openModel } = open;
  const results = await sharedResults();
  const key: CacheKey = imageKey(model, choice);
  if (results.get(key)) return cached(results, key, unreachable);
  const { prepare } = await import('./build.ts');
  return cached(results, key, await prepare(await openModel(), choice, results));
}

const unreachable = (): never => {
  throw new Error('a result is gone that was there');
};

serve<LabCalls>({
  async open(source) {
    const mine = ++opened;
    const { factsOfModel, openSource } = await import('./open.ts');
    const model = await openSource(source);
    // Whoever was asked for later counts, whatever comes first.
    if (mine === opened)
      open =
        source.kind === 'shipped'
          ? shipped
          : { name: model.name, key: `${model.name} ${opened}`, model: async () => model };
    return factsOfModel(model);
  },
  async facts() {
    const { factsOfModel } = await import('./open.ts');
    return factsOfModel(await open.model());
  },
  async tell(question, context) {
    const { name } = open;
    const firmware = await build(question);
    await tell(firmware, name, question, await sharedResults(), context);
    return undefined;
  },
  async predict(choice) {
    const { predictionOf } = await import('./code.ts');
    return predictionOf(await build(choice));
  },
  async image(choice) {
    const { name } = open;
    const firmware = await build(choice);
    return {
      flash: Uint8Array.from(firmware.flash),
      needs: needsOf(firmware),
      facts: factsOf(firmware, name),
    };
  },
  async expect(question) {
    const { expectationFor } = await import('./code.ts');
    return expectationFor(await build(question), question, await sharedResults());
  },
  async list({ name, ...choice }) {
    const { linesOf } = await import('./code.ts');
    return linesOf(await build(choice), name);
  },
  async explain({ question, index }, context) {
    const { kernelsOf } = await import('./code.ts');
    return kernelsOf(await build(question), { question, index, cache: await sharedResults() }, context);
  },
  async explainAll({ question, count }, context) {
    const { allKernelsOf } = await import('./code.ts');
    return allKernelsOf(await build(question), { question, count, cache: await sharedResults() }, context);
  },
});
