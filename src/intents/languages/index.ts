/** Languages that training text can be made in. */
import { english } from './en.ts';
import { russian } from './ru.ts';
import type { Language } from './types.ts';

export type { Language } from './types.ts';

export const languages: Readonly<Record<string, Language>> = { en: english, ru: russian };
