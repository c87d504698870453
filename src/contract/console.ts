/** What a board's console is told: looked at before anything is simulated or sent, since the console would cut it, obey it or beep. */
import { UsageError } from '../errors.ts';
import { type SettingValues, settingLines } from './settings.ts';

/** Longest line that the console takes, in bytes. */
export const LINE_BYTES = 512;

/** Refuses what the console's line cannot hold as it is. @throws UsageError */
export function checkPromptText(prompt: string): void {
  const bytes = new TextEncoder().encode(prompt);
  const control = bytes.find((byte) => byte < 0x20 || byte === 0x7f);
  if (control === 0x0a || control === 0x0d)
    throw new UsageError(
      'the prompt has a line break, and the console of a board takes one line: write a space instead',
    );
  if (control !== undefined)
    throw new UsageError(
      `the prompt holds the control character 0x${control.toString(16).padStart(2, '0')}, which the console of a board takes for a key; leave it out`,
    );
  if (prompt.startsWith('/'))
    throw new UsageError(
      'the prompt begins with "/", which the console of a board takes for a command; begin with something else',
    );
  if (bytes.length > LINE_BYTES)
    throw new UsageError(
      `the prompt has ${bytes.length} bytes, and the console of a board takes a line of ${LINE_BYTES}; give a shorter one`,
    );
}

/** What is asked for; settings that are left out stay as the device starts with them. */
export interface StoryOptions extends SettingValues {
  prompt?: string;
  seed?: bigint | number;
  /** Positions at most, the prompt's included; default: the context. */
  tokens?: number;
}

/** Console lines that make a story's settings. */
export const storyLines = (options: StoryOptions): string[] => [
  ...settingLines(options),
  ...(options.seed === undefined ? [] : [`/seed ${options.seed}`]),
  ...(options.tokens === undefined ? [] : [`/tokens ${options.tokens}`]),
];
