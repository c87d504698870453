/** `--temperature`, `--topp`, ...: the contract's settings as options. */
import type { Command } from 'commander';
import { type SettingValues, settingNames, settings } from '../contract/index.ts';
import { decimal, integer } from './arguments.ts';

/** Adds an option a setting, with a default where there is one. */
export function settingOptions(command: Command, defaults: SettingValues = {}): Command {
  for (const name of settingNames) {
    const { about, least, most, letter } = settings[name];
    const parse = 'whole' in settings[name] ? integer(least, most) : decimal(least, most);
    command.option(`--${name} <${letter.toLowerCase()}>`, about, parse, defaults[name]);
  }
  return command;
}

/** What was given or is the default. */
export const settingsFrom = (options: SettingValues): SettingValues =>
  Object.fromEntries(settingNames.map((name) => [name, options[name]]));
