/** The table of settings as AssemblyScript: their values, and what the console says about them. */
import { type SettingRow, settings } from '../settings.ts';

const rows = Object.entries(settings as Readonly<Record<string, SettingRow>>);
const enumName = (name: string): string => name[0].toUpperCase() + name.slice(1);

/** `/temp T    ...`, as /help lists it. */
const helpLine = ({ command, letter, help }: SettingRow): string =>
  `${`${command} ${letter}`.padEnd(11)}${help}\\n`;

const refusal = ({ command, whole, least, most, example }: SettingRow): string =>
  `${command} wants a ${whole ? 'whole ' : ''}number from ${least} to ${most}, such as ${command} ${example}`;

/** A function of a setting's number: one `if` a row. */
function byNumber(
  name: string,
  type: string,
  about: string,
  of: (row: SettingRow, key: string) => string,
): string {
  const cases = rows.map(([key, row], number) =>
    number === rows.length - 1
      ? `  return ${of(row, key)};`
      : `  if (setting == ${number}) return ${of(row, key)};`,
  );
  return `/** ${about} */\nexport function ${name}(setting: i32): ${type} {\n${cases.join('\n')}\n}\n`;
}

const text = (words: string): string => `"${words.replaceAll('"', '\\"')}"`;

/** Head line and parts of the file. */
export const settingsFile = (): [string, ...string[]] => [
  'How tokens are chosen: the settings, by number in the order of src/contract/settings.ts.',
  `export const SETTINGS: i32 = ${rows.length};\n`,
  ...rows.map(
    ([name, { title, initial }]) =>
      `/** ${enumName(title)}. */\nexport let ${name}: f32 = ${initial};\nexport function set${enumName(name)}(value: f32): void {\n  ${name} = value;\n}\n`,
  ),
  byNumber('valueOf', 'f32', 'How things stand.', (_, key) => key),
  `/** Sets one. */\nexport function setValue(setting: i32, value: f32): void {\n${rows
    .map(([name], number) => `  if (setting == ${number}) ${name} = value;`)
    .join('\n')}\n}\n`,
  byNumber('keyOf', 'string', 'Its name in JSON.', (_, key) => text(key)),
  byNumber('titleOf', 'string', 'Its name for people.', ({ title }) => text(title)),
  byNumber('commandOf', 'string', 'Its command.', ({ command }) => text(command)),
  byNumber('helpOf', 'string', 'A line of /help.', (row) => text(helpLine(row))),
  byNumber('refusalOf', 'string', 'What is said to a value that cannot be.', (row) => text(refusal(row))),
  byNumber('leastOf', 'f32', 'Smallest value.', ({ least }) => String(least)),
  byNumber('mostOf', 'f32', 'Largest value.', ({ most }) => String(most)),
  byNumber('isWhole', 'bool', 'Whether it is a whole number.', ({ whole }) => String(whole === true)),
];
