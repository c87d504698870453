/** The page's words in the language that was chosen; other languages than English are loaded when they are wanted. */
import { computed, effect, signal } from '@preact/signals';
import { type Language, language } from '../state/appearance.ts';
import { en, type Texts } from './en.ts';

const loaders: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Texts>>> = {
  ru: async () => (await import('./ru.ts')).ru,
};

const known = signal<Readonly<Partial<Record<Language, Texts>>>>({ en });

/** Until its file has come, English. */
export const texts = computed<Texts>(() => known.value[language.value] ?? en);

/** Resolves once the words of the language at the start are there. */
export async function followLanguage(): Promise<void> {
  const load = async (wanted: Language): Promise<void> => {
    if (wanted === 'en' || known.peek()[wanted]) return;
    known.value = { ...known.peek(), [wanted]: await loaders[wanted]() };
  };
  await load(language.peek()).catch(() => {});
  effect(() => {
    void load(language.value).catch(() => {});
  });
  effect(() => {
    document.title = texts.value.title;
  });
}

/** By language and digits: one takes long to make, the first of a page above all. */
const formats = new Map<string, Intl.NumberFormat>();

/** A number as the language writes it. */
export function formatNumber(value: number, digits = 0): string {
  const key = `${language.value} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language.value, {
      maximumFractionDigits: digits,
      minimumFractionDigits: digits,
    });
    formats.set(key, format);
  }
  return format.format(value);
}

const KILO = 1024;

export function formatBytes(bytes: number): string {
  const [value, unit] =
    bytes >= KILO * KILO ? [bytes / KILO / KILO, 'MB'] : bytes >= KILO ? [bytes / KILO, 'KB'] : [bytes, 'B'];
  return `${formatNumber(value, value < 100 && unit !== 'B' ? 1 : 0)} ${unit}`;
}

/** Speed in digits that matter. */
export const formatRate = (perSecond: number): string => formatNumber(perSecond, perSecond < 100 ? 1 : 0);
