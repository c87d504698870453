/** What a story is asked for, as a board's console takes it: apart from the simulator, which those who talk to real boards do not load. */
import { type SettingValues, settingLines } from '../contract/index.ts';

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
