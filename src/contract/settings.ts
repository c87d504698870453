/**
 * How tokens are chosen: one row a setting, for the console of the device, the command line, programs that type at a console and the
 * ESP-IDF component. The seed and the length of a story are no numbers of this kind and have commands of their own.
 */
export interface SettingRow {
  /** Console command; `--NAME` of the command line follows the row's key. */
  command: string;
  /** Its argument in /help. */
  letter: string;
  /** As the console says it. */
  title: string;
  least: number;
  most: number;
  /** Whole numbers only. */
  whole?: boolean;
  /** What a device starts with: llama2.c's defaults, and nothing else switched on. */
  initial: number;
  /** An example that changes something. */
  example: number;
  /** What the console's /help says. */
  help: string;
  /** What the command line says. */
  about: string;
}

export const settings = {
  temperature: {
    command: '/temp',
    letter: 'T',
    title: 'temperature',
    least: 0,
    most: 10,
    initial: 1,
    example: 0.8,
    help: 'temperature, 0 (always the likeliest word) to 10',
    about: '0 always takes the likeliest token',
  },
  topp: {
    command: '/topp',
    letter: 'P',
    title: 'top-p',
    least: 0,
    most: 1,
    initial: 0.9,
    example: 0.9,
    help: 'keep the likeliest words that make up P, 0 to 1 (0 or 1: keep all)',
    about: 'sample from the likeliest tokens that make up p (0 or 1: from all)',
  },
  topk: {
    command: '/topk',
    letter: 'K',
    title: 'top-k',
    least: 0,
    most: 65535,
    whole: true,
    initial: 0,
    example: 40,
    help: 'keep the K likeliest words (0: keep all)',
    about: 'sample from the k likeliest tokens (0: from all)',
  },
  minp: {
    command: '/minp',
    letter: 'M',
    title: 'min-p',
    least: 0,
    most: 1,
    initial: 0,
    example: 0.05,
    help: 'keep words at least M times as likely as the likeliest, 0 to 1',
    about: 'sample from tokens at least m times as likely as the likeliest (0: from all)',
  },
  penalty: {
    command: '/penalty',
    letter: 'R',
    title: 'repetition penalty',
    least: 1,
    most: 2,
    initial: 1,
    example: 1.1,
    help: 'make words of the last 64 less likely, 1 (not) to 2',
    about:
      'repetition penalty: divide the logits of the last 64 tokens by it, multiply where negative (1: off)',
  },
} as const satisfies Record<string, SettingRow>;

export type SettingName = keyof typeof settings;
/** Some of the settings. */
export type SettingValues = { [N in SettingName]?: number };

export const settingNames = Object.keys(settings) as SettingName[];

/** With which the story model that ships tells best (models/README.md). */
export const storySettings = { temperature: 0.5, topp: 0.9, penalty: 1.15 } as const satisfies SettingValues;

/** A number as the console takes it: at most seven digits. */
const decimal = (value: number): string => String(Number(value.toPrecision(7)));

/** Console lines that make the settings, in the order of the table. */
export const settingLines = (values: Readonly<SettingValues>): string[] =>
  settingNames.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`${settings[name].command} ${decimal(value)}`];
  });
