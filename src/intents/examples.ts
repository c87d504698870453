/** Examples for training and for judging, endless. */
import { createForeign } from './foreign.ts';
import { type Block, type Home, NONE, type Sentence } from './home.ts';
import type { Language } from './languages/types.ts';
import { createNames, isHeldOut } from './names.ts';
import { addNoise } from './noise.ts';
import { createParaphrase } from './paraphrase.ts';
import { createSampler, type Example, type Manner, pick, type Uniform } from './sample.ts';

/** How many examples are requests of others. */
const FOREIGN_SHARE = 0.33;

export interface Examples {
  /** In other words and with noise, made-up names, and foreign requests among them. */
  training(): Example;
  /** Of the same templates, with the home's own names and nothing done to it. */
  clean(): Example;
  /** Sentences of templates that training does not see; `names`: the home's own, or such as training does not see. */
  heldOut(names: 'own' | 'unseen'): Example;
  /** The same with noise. */
  noisy(example: Example): Example;
  foreign(heldOut: boolean): Example;
}

interface Place {
  intent: string;
  block: Block;
  training: readonly Sentence[];
  heldOut: readonly Sentence[];
}

export function createExamples(home: Home, language: Language, uniform: Uniform): Examples {
  const sampler = createSampler(home);
  const names = createNames(language, uniform);
  const foreign = createForeign(language, uniform);
  const places = home.intents.flatMap(({ name, blocks }) => blocks.map((block) => splitOff(name, block)));
  const own = places.filter(({ intent }) => intent !== NONE);
  const weights = cumulative(own.map(({ training }) => Math.sqrt(training.length)));
  const held = own.flatMap((place) => place.heldOut.map((sentence) => ({ place, sentence })));
  const draw = (place: Place, sentence: Sentence, manner?: Manner): Example => ({
    intent: place.intent,
    ...sampler.draw(sentence.template, place.block, uniform, manner),
  });
  const templates = own.reduce((sum, { training }) => sum + training.length, 0);
  const rephrase = createParaphrase(language, uniform, templates);
  const manner = { names: names.training, rephrase };
  const pickPlace = (): Place => {
    const chance = uniform();
    return own[
      Math.max(
        0,
        weights.findIndex((weight) => weight > chance),
      )
    ];
  };
  const next = (): Example => {
    const place = pickPlace();
    return draw(place, pick(place.training, uniform), manner);
  };
  const refused = (text: string): Example => ({ text, intent: NONE, fixed: {}, said: [] });
  const ownForeign = places.filter(({ intent }) => intent === NONE);
  return {
    training() {
      if (uniform() >= FOREIGN_SHARE) return this.noisy(next());
      const place = ownForeign.length > 0 && uniform() < 0.2 ? pick(ownForeign, uniform) : undefined;
      const text =
        place === undefined
          ? foreign.any(() => next().text)
          : draw(place, pick(place.training, uniform)).text;
      return this.noisy(refused(rephrase?.(text) ?? text));
    },
    clean() {
      const place = pickPlace();
      return draw(place, pick(place.training, uniform));
    },
    heldOut(kind) {
      const { place, sentence } = pick(held, uniform);
      return draw(place, sentence, kind === 'own' ? undefined : { names: names.unseen });
    },
    noisy: (example) => ({ ...example, text: addNoise(example.text, language, uniform) }),
    foreign: (heldOut) => refused(foreign.plain(heldOut)),
  };
}

/** Of a block with several sentences, one in six stays out of training. */
function splitOff(intent: string, block: Block): Place {
  const heldOut = block.sentences.filter(({ text }) => isHeldOut(`${intent} ${text}`));
  if (block.sentences.length < 4 || heldOut.length > block.sentences.length / 3)
    return { intent, block, training: block.sentences, heldOut: [] };
  return { intent, block, training: block.sentences.filter((one) => !heldOut.includes(one)), heldOut };
}

function cumulative(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return weights.map((weight) => (sum += weight / total));
}
