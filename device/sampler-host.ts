/** The sampler alone, for tests: they write logits, and look at every step (src/firmware/sampler.test.ts). */
export { setMinp, setPenalty, setTemperature, setTopk, setTopp } from "./contract/settings";
export { choose, noteToken, prepare, seedRandom } from "./sampler";
export { foresee, threshold, weigh } from "./sampler/fixed";
export { foreseen, lookAhead, random } from "./sampler/random";
