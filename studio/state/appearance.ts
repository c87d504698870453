/** Language and theme, remembered where the browser lets a page remember. */
import { effect, signal } from '@preact/signals';

export const languages = ['en', 'ru'] as const;
export type Language = (typeof languages)[number];
export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

function remembered<Value extends string>(key: string, allowed: readonly Value[], otherwise: Value): Value {
  try {
    return allowed.find((value) => value === localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds for this visit.
  }
}

const spoken = languages.find((language) => navigator.language.toLowerCase().startsWith(language));
export const language = signal<Language>(remembered('language', languages, spoken ?? 'en'));
export const theme = signal<Theme>(remembered('theme', themes, 'auto'));

export function followAppearance(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    remember('theme', theme.value);
  });
  effect(() => {
    document.documentElement.lang = language.value;
    remember('language', language.value);
  });
}
