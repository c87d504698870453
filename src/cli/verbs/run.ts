/** `run`: a story from the simulated chip. */
import { type Command, Option } from 'commander';
import type { Chip } from '../../chip/index.ts';
import { type SettingValues, storySettings } from '../../contract/index.ts';
import { integer, seed } from '../arguments.ts';
import { formatBoards } from '../boards-report.ts';
import { type Bursts, inBursts } from '../bursts.ts';
import {
  type BoardsOptions,
  type BuildOptions,
  boardsOption,
  buildBoardsFrom,
  buildFrom,
  firmwareOptions,
} from '../firmware-options.ts';
import { type InputOptions, inputOption } from '../input-option.ts';
import { openNamed } from '../model-options.ts';
import { preferQuickStart } from '../quick-start.ts';
import { type RomOptions, romFrom, romOption } from '../rom-option.ts';
import { type ScreenWatch, watchScreen } from '../screen.ts';
import { settingOptions, settingsFrom } from '../setting-options.ts';
import { formatStory } from '../story-report.ts';

interface Options extends BuildOptions, BoardsOptions, RomOptions, SettingValues, InputOptions {
  prompt: string;
  seed?: bigint;
  tokens?: number;
  profile: boolean;
  json?: boolean;
  screenshot?: string;
}

export function register(program: Command): void {
  inputOption(settingOptions(boardsOption(firmwareOptions(program.command('run'))), storySettings))
    .description('tell a story on the simulated chip: boot log, story, speed and memory')
    .option('--prompt <text>', 'how the story begins', 'Once upon a time')
    .addOption(
      new Option('--seed <n>', 'the same seed tells the same story').argParser(seed).default(42n, '42'),
    )
    .option(
      '--tokens <n>',
      'positions at most, the prompt included (default: the context)',
      integer(1, 65536),
    )
    .option('--no-profile', 'leave out where the cycles went')
    .option('--screenshot <file>', 'write what the screen shows in the end as a PNG')
    .addOption(romOption())
    .option('--json', 'everything as JSON on stdout; the story on stderr')
    .addHelpText(
      'after',
      '\nExample:\n  $ esp32-llm run --model stories260K.bin --tokenizer tok512.bin --prompt "Once upon a time"\n\nSpeeds are predicted by the cycle model, not measured on silicon.',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  preferQuickStart();
  const { checkPromptText } = await import('../../firmware/index.ts');
  checkPromptText(options.prompt); // before anything is built
  const loaded = await openNamed(options);
  // A screenshot needs a screen; only --screen shows it in the terminal.
  const screen = options.screen ?? (options.screenshot === undefined ? undefined : true);
  const chain = options.boards
    ? await buildBoardsFrom(loaded, { ...options, screen }, Number(options.boards))
    : undefined;
  const firmware = chain ? chain.images[0] : await buildFrom(loaded, { ...options, screen });
  const [{ simulate, simulateChain }, { userCache }] = await Promise.all([
    import('../../firmware/index.ts'),
    import('../../node/index.ts'),
  ]);
  const console = options.json ? process.stderr : process.stdout;
  const watch = await watchScreen(options, console);
  const rom = await romFrom(options);
  const bursts = inBursts(console);
  const asked = {
    prompt: options.prompt,
    ...settingsFrom(options),
    seed: options.seed,
    tokens: options.tokens,
    inputs: options.input,
    profile: options.profile,
    rom,
    cache: userCache(),
    output: bursts.write,
    onLook(chip: Chip) {
      bursts.look();
      watch.onLook?.(chip);
    },
  };
  const tell = () => (chain ? simulateChain(chain.images, asked) : simulate(firmware, asked));
  const story = await tellWatched(tell, watch, bursts);
  for (const warning of story.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (options.json) {
    const boards = chain && { images: chain.images.map(({ memoryMap }) => memoryMap), ...chain.prediction };
    const report = { ...story, memory: firmware.memoryMap, ...(boards && { boards }) };
    process.stdout.write(`${JSON.stringify(report, bigintAsText, 2)}\n`);
  } else {
    process.stdout.write(`\n\n${formatStory(firmware, story)}`);
    if (chain) process.stdout.write(`\n${formatBoards(chain)}\n`);
  }
}

/** Whatever happens, the terminal is given back. */
async function tellWatched<Story>(tell: () => Story, watch: ScreenWatch, bursts: Bursts): Promise<Story> {
  try {
    const story = tell();
    bursts.flush();
    await watch.finish();
    return story;
  } finally {
    bursts.flush();
    watch.close();
  }
}

const bigintAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
