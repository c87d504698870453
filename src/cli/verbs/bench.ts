/** `bench`: predicted speed of a model on the chip, and what each trick buys. */
import type { Command } from 'commander';
import type { SettingValues } from '../../contract/index.ts';
import { UsageError } from '../../errors.ts';
import type { EnergyEstimate, ShapeRow, Simulation } from '../../firmware/index.ts';
import { integer } from '../arguments.ts';
import { type BuildOptions, boardFrom, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { formatSpeed } from '../memory-report.ts';
import { openNamed } from '../model-options.ts';
import { isMixture } from '../quantized.ts';
import { settingOptions, settingsFrom } from '../setting-options.ts';
import { formatTable, thousands } from '../table.ts';

interface Options extends BuildOptions, SettingValues {
  tokens: number;
  ablation?: boolean;
  models?: boolean;
  json?: boolean;
}

/** One line of the table: a name and the options that differ from the first line's. */
interface Variant {
  name: string;
  change: Partial<BuildOptions>;
}

const FULL: Variant = { name: 'all of it', change: {} };
/** The three tricks (vector kernels, second core, full clock) taken away one by one, then together, then float weights from flash. */
const ABLATION: readonly Variant[] = [
  FULL,
  { name: 'without vector kernels', change: { pie: false } },
  { name: 'without the second core', change: { cores: '1' } },
  { name: 'at 160 MHz', change: { clock: '160' } },
  { name: 'at 80 MHz', change: { clock: '80' } },
  { name: 'without any of them', change: { pie: false, cores: '1', clock: '80' } },
  { name: 'float32, weights in flash', change: { precision: 'f32' } },
];

interface Row {
  name: string;
  tokensPerSecond: number;
  cyclesPerToken: number;
  context: number;
  digest: string;
  energy: EnergyEstimate;
}

export function register(program: Command): void {
  settingOptions(firmwareOptions(program.command('bench')), { temperature: 0 })
    .description('predicted tokens per second; with --ablation, what each trick buys')
    .option('--tokens <n>', 'positions of the story that is timed', integer(2, 65536), 64)
    .option('--ablation', 'the same story without vector kernels, second core, full clock')
    .option(
      '--models',
      'shapes of known models with random weights: speed, limit and bus use, without a simulation',
    )
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExample:\n  $ esp32-llm bench --ablation')
    .action(bench);
}

async function bench(options: Options): Promise<void> {
  if (options.models) return benchModels(options);
  const [{ simulate }, { userCache }] = await Promise.all([
    import('../../firmware/index.ts'),
    import('../../node/index.ts'),
  ]);
  const loaded = await openNamed(options);
  const rows: Row[] = [];
  for (const { name, change } of options.ablation ? ABLATION : [FULL]) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Ksimulating ${name} ...`);
    const firmware = await buildFrom(loaded, { ...options, ...change });
    const story = simulate(firmware, {
      prompt: 'Once upon a time',
      ...settingsFrom(options),
      seed: 42,
      tokens: options.tokens,
      cache: userCache(),
    });
    rows.push(rowOf(name, story, firmware.context));
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stdout.write(
    options.json ? `${JSON.stringify(rows, null, 2)}\n` : `${formatRows(rows, options.tokens)}\n`,
  );
}

/** The table of shapes: what each would tell, and what the bus alone would let it. */
async function benchModels(options: Options): Promise<void> {
  const [{ predictShape, shapes }, { shippedPrograms }] = await Promise.all([
    import('../../firmware/index.ts'),
    import('../../node/index.ts'),
  ]);
  const { precision = 'int8', context } = options;
  if (isMixture(precision))
    throw new UsageError(
      `--models has random weights, which tell nothing: --precision ${precision} needs a model`,
    );
  const board = boardFrom(options);
  const rows = shapes.map((shape) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kplanning ${shape.name} ...`);
    return predictShape(shape, { board, precision, context, programs: shippedPrograms });
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ board: board.id, precision, rows }, null, 2)}\n`
      : `${board.name}, ${precision}\n\n${formatShapes(rows)}\n`,
  );
}

function formatShapes(rows: readonly ShapeRow[]): string {
  const lines = rows.map(({ name, parameters, prediction }) => {
    const size = `${(parameters / 1e6).toFixed(2)}M`;
    if (!prediction) return [name, size, 'no fit'];
    const { tokensPerSecond, cyclesPerToken, busCycles, traffic } = prediction;
    const outside = traffic.filter(({ limit }) => limit !== undefined);
    const share = busCycles / cyclesPerToken;
    const limit = share > 0 ? formatSpeed(tokensPerSecond / Math.min(1, share)) : '';
    const megabytes = outside.reduce((sum, { reads }) => sum + reads, 0) / 1e6;
    const busy = `${Math.round(100 * Math.min(1, share))} %`;
    return [
      name,
      size,
      formatSpeed(tokensPerSecond),
      limit,
      share > 0 ? busy : '',
      `${megabytes.toFixed(2)} MB`,
    ];
  });
  return formatTable([
    ['predicted', 'weights', 'tokens/s', "bus's limit", 'bus busy', 'a token from outside'],
    ...lines,
  ]);
}

function rowOf(name: string, { tokensPerSecond, status, digest, energy }: Simulation, context: number): Row {
  return {
    name,
    tokensPerSecond: tokensPerSecond.mean,
    cyclesPerToken: status.totalCycles / status.passes,
    context,
    digest,
    energy,
  };
}

function formatRows(rows: readonly Row[], tokens: number): string {
  const best = rows[0].tokensPerSecond;
  const lines = rows.map(({ name, tokensPerSecond, cyclesPerToken, energy }) => [
    name,
    tokensPerSecond < 100 ? tokensPerSecond.toFixed(1) : thousands(tokensPerSecond),
    thousands(cyclesPerToken),
    `${(best / tokensPerSecond).toFixed(2)}`,
    range(energy.milliamperes, (mA) => mA.toFixed(0)),
    range(energy.millijoulesPerToken, (mJ) => mJ.toPrecision(2)),
  ]);
  return `${formatTable([[`predicted, mean of ${tokens}`, 'tokens/s', 'cycles/token', 'times slower', 'mA', 'mJ/token'], ...lines])}\n\n${ESTIMATED}`;
}

const ESTIMATED =
  "mA and mJ/token are estimates: the data sheet's typical currents of the chip alone, peripheral clocks off to on, at 3.3 V.";

const range = ({ least, most }: { least: number; most: number }, format: (value: number) => string): string =>
  `${format(least)} to ${format(most)}`;
