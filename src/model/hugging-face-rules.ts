/** The steps of a tokenizer.json before its model, as rules. */
import type { Refuse } from './assemble.ts';
import { type Json, list, object } from './json-values.ts';
import { NORMAL_FORMS, type NormalForm } from './tokenizers/normal-form.ts';
import type {
  ByteLevelRules,
  Pattern,
  SpaceInFront,
  UnigramRules,
  WordPieceRules,
} from './tokenizers/pieces.ts';

/** A step and those it consists of, in order. */
function stepsOf(step: unknown): Json[] {
  const found = object(step);
  if (!found) return [];
  if (found.type !== 'Sequence') return [found];
  return [...list(found.normalizers), ...list(found.pretokenizers), ...list(found.decoders)].flatMap(stepsOf);
}

const name = ({ type }: Json): string => String(type);

/** The texts of a Replace; undefined where it replaces an expression. */
function replacementOf({ pattern, content }: Json): [from: string, to: string] | undefined {
  const from = object(pattern)?.String;
  return typeof from === 'string' && typeof content === 'string' ? [from, content] : undefined;
}

type WordPieceFlags = Omit<WordPieceRules, 'algorithm' | 'longestWord' | 'replacements'>;

export function wordPieceRules(model: Json, file: Json, refuse: Refuse): WordPieceRules {
  const flags: WordPieceFlags = {
    clean: false,
    separateIdeographs: false,
    lowerCase: false,
    marks: 'kept',
    separateWords: false,
    separatePunctuation: false,
    separateDigits: false,
  };
  const replacements: [string, string][] = [];
  readNormalizer(stepsOf(file.normalizer), flags, replacements, refuse);
  const splits: Readonly<Record<string, Partial<WordPieceFlags>>> = {
    BertPreTokenizer: { separatePunctuation: true },
    Whitespace: { separateWords: true },
    WhitespaceSplit: {},
    Punctuation: { separatePunctuation: true },
    Digits: { separateDigits: true },
  };
  const steps = stepsOf(file.pre_tokenizer);
  if (!steps.some((step) => ['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit'].includes(name(step))))
    refuse('its pre-tokenizer does not cut at white space, which is not supported for WordPiece');
  for (const step of steps) {
    const split = Object.hasOwn(splits, name(step)) ? splits[name(step)] : undefined;
    const isOdd = (step.behavior ?? 'Isolated') !== 'Isolated' || step.individual_digits === false;
    if (!split || isOdd) refuse(`its pre-tokenizer ${describe(step)} is not supported for WordPiece`);
    Object.assign(flags, split);
  }
  return {
    algorithm: 'wordpiece',
    ...flags,
    replacements,
    longestWord: Number(model.max_input_chars_per_word ?? 100),
  };
}

const describe = ({ type, ...settings }: Json): string =>
  Object.keys(settings).length > 0 ? `${String(type)} ${JSON.stringify(settings)}` : String(type);

function readNormalizer(
  steps: readonly Json[],
  flags: WordPieceFlags,
  replacements: [string, string][],
  refuse: Refuse,
): void {
  steps.forEach((step, index) => {
    const unsupported = (): never => refuse(`its normalizer ${describe(step)} is not supported here`);
    // A text is replaced after its characters have changed: what comes later must not change it again.
    if (replacements.length > 0 && name(step) !== 'Replace') unsupported();
    switch (name(step)) {
      case 'Lowercase':
        flags.lowerCase = true;
        break;
      case 'NFD':
        if (!steps.slice(index).some((later) => name(later) === 'StripAccents')) unsupported();
        break;
      case 'StripAccents':
        if (!steps.slice(0, index).some((before) => name(before) === 'NFD')) unsupported();
        flags.marks = 'all go';
        break;
      case 'BertNormalizer':
        Object.assign(flags, {
          clean: step.clean_text !== false,
          separateIdeographs: step.handle_chinese_chars !== false,
          lowerCase: step.lowercase !== false,
          marks: (step.strip_accents ?? step.lowercase !== false) ? 'accents go' : 'kept',
        });
        break;
      case 'Replace': {
        const [from, to] = replacementOf(step) ?? unsupported();
        const bytes = (text: string): number => new TextEncoder().encode(text).length;
        if (from === '' || bytes(to) > bytes(from)) unsupported();
        replacements.push([from, to]);
        break;
      }
      default:
        unsupported();
    }
  });
}

/** A step before all others that brings the text to a normal form, and those that are left. */
function normalFormStep(steps: readonly Json[]): {
  form: { normalForm?: NormalForm };
  left: readonly Json[];
} {
  const normalForm = NORMAL_FORMS.find((form) => steps[0] && name(steps[0]) === form);
  return normalForm ? { form: { normalForm }, left: steps.slice(1) } : { form: {}, left: steps };
}

/** The expressions of others' tokenizer.json, word for word. */
const EXPRESSIONS: Readonly<Record<string, Pattern>> = {
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+":
    'llama3',
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+":
    'qwen2',
};

const patternOf = (expression: unknown): Pattern | undefined =>
  Object.hasOwn(EXPRESSIONS, String(expression)) ? EXPRESSIONS[String(expression)] : undefined;

/** Rules of byte-level BPE; undefined where there is no ByteLevel step. */
export function byteLevelRules(model: Json, file: Json, refuse: Refuse): ByteLevelRules | undefined {
  const steps = stepsOf(file.pre_tokenizer);
  const last = steps.at(-1);
  if (!last || name(last) !== 'ByteLevel') return undefined;
  const { form, left } = normalFormStep(stepsOf(file.normalizer));
  if (left.length > 0) refuse(`its normalizer ${describe(left[0])} is not supported for byte-level BPE`);
  const space: SpaceInFront = last.add_prefix_space ? 'missing' : 'never';
  const wholeParts = model.ignore_merges === true;
  const rules = { algorithm: 'byte-level', space, wholeParts, ...form } as const;
  if (steps.length === 1 && last.use_regex !== false) return { ...rules, pattern: 'gpt2' };
  const [split] = steps;
  const pattern = patternOf(object(split.pattern)?.Regex);
  const isAlone = steps.length === 2 && last.use_regex === false && split.behavior === 'Isolated';
  if (isAlone && pattern) return { ...rules, pattern };
  return refuse(
    `its pre-tokenizer ${steps.map(describe).join(', ')} is not supported; supported are GPT-2's, llama 3's and Qwen2's`,
  );
}

/** How SentencePiece's space comes in front: by a normalizer or by Metaspace. */
export function sentencePieceSpace(
  file: Json,
  refuse: Refuse,
): { space: SpaceInFront; split: boolean; form: { normalForm?: NormalForm } } {
  const { form, left: normalizers } = normalFormStep(stepsOf(file.normalizer));
  const splits = stepsOf(file.pre_tokenizer);
  const isMark = (step: Json): boolean => {
    const [from, to] = replacementOf(step) ?? [];
    return name(step) === 'Replace' && from === ' ' && to === '▁';
  };
  const strange =
    normalizers.find((step) => !isMark(step) && !(name(step) === 'Prepend' && step.prepend === '▁')) ??
    splits.find((step) => name(step) !== 'Metaspace' || (step.replacement ?? '▁') !== '▁');
  if (strange) refuse(`its ${describe(strange)} is not supported here`);
  const [metaspace] = splits;
  if (!metaspace) {
    if (!normalizers.some(isMark)) refuse('does not mark spaces, which is not supported here');
    const space = normalizers.some((step) => name(step) === 'Prepend') ? 'always' : 'never';
    return { space, split: false, form };
  }
  if (normalizers.length > 0) refuse('marks spaces twice, which is not supported here');
  const scheme = metaspace.prepend_scheme ?? (metaspace.add_prefix_space === false ? 'never' : 'always');
  return { space: scheme === 'never' ? 'never' : 'missing', split: metaspace.split !== false, form };
}

export function unigramRules(model: Json, file: Json, refuse: Refuse): UnigramRules {
  const { space, split, form } = sentencePieceSpace(file, refuse);
  return { algorithm: 'unigram', space, separateWords: split, bytes: model.byte_fallback === true, ...form };
}
