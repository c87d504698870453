/** `eval --samples`: the stories that a model tells, measured beside real ones of the same length. */
import type { SettingValues } from '../../contract/index.ts';
import { UsageError } from '../../errors.ts';
import { readText } from '../../files.ts';
import type { ToldStory } from '../../firmware/index.ts';
import type { OpenedModel } from '../../node/index.ts';
import type { Precision } from '../../quantize/index.ts';
import type { StoryMeasures } from '../../reference/index.ts';
import { settingsFrom } from '../setting-options.ts';
import { formatTable } from '../table.ts';

export interface SampleOptions extends SettingValues {
  samples: number;
  prompt: string;
  tokens?: number;
  precision: 'both' | 'all' | Precision;
  text?: string;
  judge?: string;
  judgeTokenizer?: string;
  json?: boolean;
}

interface Measured extends StoryMeasures {
  /** Share that the model closed. */
  ended?: number;
  /** Bits per byte by the judge. */
  judged?: number;
}

/** Measures of the samples, and of as many real stories of the same length where there is a text. */
interface Report {
  settings: SettingValues;
  prompt: string;
  /** The first seed is 1. */
  samples: Measured & { ended: number };
  real?: Measured;
  told: ToldStory[];
}

export async function evaluateSamples(options: SampleOptions, loaded: OpenedModel): Promise<void> {
  if (options.judge === undefined && options.judgeTokenizer !== undefined)
    throw new UsageError('--judge-tokenizer is of no use without --judge');
  const { countWords, measureStories, realStoriesLike, splitStories } = await import(
    '../../reference/index.ts'
  );
  const text = options.text === undefined ? undefined : splitStories(readText(options.text, 'the text'));
  const told = await tellAll(options, loaded);
  const stories = told.map((story) => story.text);
  const real = text && realStoriesLike(stories, text, options.prompt);
  if (real && real.length < stories.length)
    throw new UsageError(
      `${options.text} has only ${real.length} stories that are as long as one of the ${stories.length} samples; give a longer text or fewer --samples`,
    );
  const known = text && countWords(text);
  const judged = await judgeAll(options, real ? [stories, real] : [stories]);
  const ended = told.filter((story) => story.ended).length / told.length;
  const report: Report = {
    settings: settingsFrom(options),
    prompt: options.prompt,
    samples: { ...measureStories(stories, known), ended, judged: judged?.[0] },
    real: real && { ...measureStories(real, known), judged: judged?.[1] },
    told,
  };
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `${format(report)}\n`);
}

/** Stories of the seeds 1, 2, ..., from the device program on this machine. */
async function tellAll(options: SampleOptions, { model, tokenizer }: OpenedModel): Promise<ToldStory[]> {
  const [{ createHostProgram, tellStory }, { quantize }, { shippedPrograms: programs }] = await Promise.all([
    import('../../firmware/index.ts'),
    import('../../quantize/index.ts'),
    import('../../node/index.ts'),
  ]);
  const several = options.precision === 'both' || options.precision === 'all';
  const precision = several ? undefined : (options.precision as Precision);
  const host = createHostProgram({ programs, model: quantize(model, { precision }), tokenizer });
  const { prompt, tokens } = options;
  return Array.from({ length: options.samples }, (_, i) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Ksample ${i + 1} of ${options.samples}`);
    const story = tellStory(host, tokenizer, { ...settingsFrom(options), prompt, tokens, seed: i + 1 });
    if (process.stderr.isTTY && i + 1 === options.samples) process.stderr.write('\r\x1b[K');
    return story;
  });
}

async function judgeAll(
  { judge: named, judgeTokenizer }: SampleOptions,
  groups: readonly (readonly string[])[],
): Promise<number[] | undefined> {
  if (named === undefined) return undefined;
  const [{ judge }, { openModel, trainMachinery }] = await Promise.all([
    import('../../train/index.ts'),
    import('../../node/index.ts'),
  ]);
  const opened = await openModel(named, judgeTokenizer);
  const figures: number[] = [];
  for (const texts of groups) figures.push(await judge(opened, texts, trainMachinery()));
  return figures;
}

/** A row a measure: how it is called, how it is shown, and whether the samples' is a multiple of the real ones' that says something. */
const ROWS: readonly [keyof Measured, string, (value: number) => string][] = [
  ['stories', 'stories', (value) => `${value}`],
  ['words', 'words of a story', (value) => value.toFixed(1)],
  ['ended', 'that end', percent],
  ['repeated4', 'repeated 4-grams', percent],
  ['distinct2', 'distinct bigrams', percent],
  ['unknown', 'words of no other story', percent],
  ['judged', "judge's bits/byte", (value) => value.toFixed(4)],
];

function percent(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}

function format({ samples, real }: Report): string {
  const rows = ROWS.flatMap(([name, title, show]) => {
    const sample = samples[name];
    if (sample === undefined) return [];
    const other = real?.[name];
    const ratio = other && name !== 'stories' ? (sample / other).toFixed(2) : '';
    return [[title, show(sample), ...(real ? [other === undefined ? '' : show(other), ratio] : [])]];
  });
  return formatTable([['', 'samples', ...(real ? ['real stories', 'ratio'] : [])], ...rows]);
}
