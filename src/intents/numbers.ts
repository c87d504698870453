/** Whole numbers as people say them. */

export type Speller = (value: number) => string[];

const EN_ONES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const EN_TENS = ' ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

function english(value: number): string[] {
  if (!Number.isInteger(value)) return english(Math.floor(value)).map((whole) => `${whole} point five`);
  if (value < 20) return [EN_ONES[value]];
  if (value < 100) {
    const ten = EN_TENS[Math.floor(value / 10)];
    return [value % 10 === 0 ? ten : `${ten} ${EN_ONES[value % 10]}`];
  }
  if (value === 100) return ['one hundred', 'a hundred', 'hundred'];
  return [];
}

const RU_ONES =
  'ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать'.split(
    ' ',
  );
const RU_TENS = ' десять двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто'.split(
  ' ',
);
const FEMININE: Readonly<Record<number, readonly string[]>> = { 1: ['одну', 'одна'], 2: ['две'] };

function russian(value: number): string[] {
  if (!Number.isInteger(value)) return [];
  if (value < 20) return [RU_ONES[value], ...(FEMININE[value] ?? [])];
  if (value < 100) {
    const ten = RU_TENS[Math.floor(value / 10)];
    return value % 10 === 0 ? [ten] : russian(value % 10).map((one) => `${ten} ${one}`);
  }
  return value === 100 ? ['сто'] : [];
}

const spellers: Readonly<Record<string, Speller>> = { en: english, ru: russian };

/** All ways to say a number in `language`: digits first, then words where they are known. */
export function sayNumber(value: number, language: string): string[] {
  const spell = value >= 0 && Number.isInteger(2 * value) ? spellers[language] : undefined;
  return [String(value), ...(spell?.(value) ?? [])];
}
