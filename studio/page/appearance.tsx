/** Language and theme. */
import { type Language, language, languages, type Theme, theme, themes } from '../state/appearance.ts';
import { texts } from '../texts/index.ts';

const NAMES: Readonly<Record<Language, string>> = { en: 'EN', ru: 'RU' };

export function Appearance() {
  const words = texts.value.appearance;
  return (
    <div class="appearance">
      <select
        aria-label={words.language}
        value={language.value}
        onChange={({ currentTarget }) => {
          language.value = currentTarget.value as Language;
        }}
      >
        {languages.map((name) => (
          <option key={name} value={name} lang={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
      <select
        aria-label={words.theme}
        value={theme.value}
        onChange={({ currentTarget }) => {
          theme.value = currentTarget.value as Theme;
        }}
      >
        {themes.map((name) => (
          <option key={name} value={name}>
            {words.themes[name]}
          </option>
        ))}
      </select>
    </div>
  );
}
