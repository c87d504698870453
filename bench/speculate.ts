/**
 * `npx tsx bench/speculate.ts [--stories N] [--counted N] [--large MODEL] [--small MODEL]`: what a small model's guesses are worth to a
 * large one whose weights stream from PSRAM. Stories at the defaults, seeds from 1 on: the first N (3) on the simulated board, with guesses and without, the same story and both
 * speeds; more of them (100) on the host program, which tells as many tokens a pass.
 */
import { parseArgs } from 'node:util';
import { findBoard } from '../src/chip/boards/index.ts';
import { storyLines, storySettings } from '../src/contract/index.ts';
import { buildFirmware, createHostProgram, simulate, toldTokens } from '../src/firmware/index.ts';
import { openModel, shippedPrograms as programs } from '../src/node/index.ts';
import { quantize } from '../src/quantize/index.ts';

const CONTEXT = 256;
const PROMPT = 'Once upon a time';

const { values } = parseArgs({
  options: {
    stories: { type: 'string', default: '3' },
    counted: { type: 'string', default: '100' },
    large: { type: 'string', default: 'stories-large' },
    small: { type: 'string', default: 'stories' },
  },
});
const [large, small] = [await openModel(values.large), await openModel(values.small)];
const { tokenizer } = large;
const model = quantize(large.model);
const draft = quantize(small.model, { room: 0 });
const board = findBoard('devkitc-n16r8');
const firmwareWith = (guesses: 'none' | typeof draft) =>
  buildFirmware({ programs, model, tokenizer, board, context: CONTEXT, draft: guesses });

/** Tokens told for each pass over the weights. */
const perPass = (told: number, accepted: number): string => (told / (told - accepted)).toFixed(2);

const alone = firmwareWith('none');
const guessed = firmwareWith(draft);
let [before, after] = [0, 0];
for (let seed = 1; seed <= Number(values.stories); seed++) {
  const story = { prompt: PROMPT, seed, ...storySettings };
  const [one, other] = [simulate(alone, story), simulate(guessed, story)];
  if (one.digest !== other.digest) throw new Error(`seed ${seed} tells another story with guesses`);
  const [plain, fast] = [one.millisecondsPerToken, other.millisecondsPerToken];
  before += plain * one.status.passes;
  after += fast * one.status.passes;
  const { passes, accepted } = other.status;
  console.log(
    `seed ${seed}, ${passes} tokens, digest ${one.digest}: ${(1000 / plain).toFixed(1)} and ${(1000 / fast).toFixed(1)} predicted tokens/s, ${(plain / fast).toFixed(2)} times; ${perPass(toldTokens(other.status), accepted)} tokens a pass`,
  );
}
if (after > 0) console.log(`together: ${(before / after).toFixed(2)} times`);

const host = createHostProgram({
  programs,
  model,
  tokenizer,
  context: CONTEXT,
  lanes: guessed.lanes,
  drafts: guessed.drafts,
  history: true,
  drafter: draft,
});
let [told, right] = [0, 0];
for (let seed = 1; seed <= Number(values.counted); seed++) {
  host.type([...storyLines({ seed, ...storySettings }), PROMPT].map((line) => `${line}\r`).join(''));
  host.settle();
  told += toldTokens(host.status);
  right += host.status.accepted;
}
if (told > 0) console.log(`seeds 1 to ${values.counted} on the host: ${perPass(told, right)} tokens a pass`);
