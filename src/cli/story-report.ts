/** The summary after a simulated story. */
import { type Firmware, type Simulation, type Status, toldTokens } from '../firmware/index.ts';
import { formatMemory } from './memory-report.ts';
import { formatTable, thousands } from './table.ts';

/** Functions named in the cycle table; the rest is summed up. */
const LISTED_FUNCTIONS = 14;

export function formatStory(firmware: Firmware, story: Simulation): string {
  const { tokensPerSecond, status, host } = story;
  const pins = [...story.pins.map(formatPin), ...story.inputs.map(formatInput)];
  const facts = [
    ['tokens', `${status.passes} (${status.promptTokens} of the prompt), ${ENDINGS[status.ending]}`],
    [
      'predicted tokens/s',
      `mean ${rate(tokensPerSecond.mean)}, first ${rate(tokensPerSecond.first)}, last ${rate(tokensPerSecond.last)} at ${firmware.clock} MHz`,
    ],
    ['ms per token', story.millisecondsPerToken.toFixed(3)],
    ...(status.drafted > 0 ? [['guessed ahead', formatGuesses(status)]] : []),
    ['energy per token', formatEnergy(story, firmware.part?.boards)],
    ['digest', story.digest],
    ...(pins.length > 0 ? [['pins', pins.join(', ')]] : []),
    ['boot to prompt', `${story.bootSeconds.toFixed(3)} s of simulated time`],
    [
      'simulation',
      `${(host.instructionsPerSecond / 1e6).toFixed(1)} million instructions/s, ${host.seconds.toFixed(1)} s for ${host.simulatedSeconds.toFixed(2)} simulated s`,
    ],
  ];
  const parts = [formatTable(facts, '  '), formatMemory(firmware)];
  if (story.profile.length > 0) parts.splice(1, 0, formatProfile(story));
  return `${parts.join('\n\n')}\n`;
}

const ENDINGS: Record<Simulation['status']['ending'], string> = {
  none: 'not ended',
  finished: 'ended by the model',
  limit: 'ended by the token limit',
  stopped: 'stopped',
  complete: 'ended by the grammar',
  severed: 'stopped: other boards did not answer',
};

/** What guessing was good for: tokens of the story for each pass over the weights that told it. */
function formatGuesses(status: Status): string {
  const { drafted, accepted } = status;
  const told = toldTokens(status);
  return `${drafted} tokens, ${accepted} right (${Math.round((100 * accepted) / drafted)} %): ${(told / (told - accepted)).toFixed(2)} tokens a pass`;
}

const formatPin = (pin: Simulation['pins'][number]): string =>
  `GPIO${pin.gpio} ${'level' in pin ? ['low', 'high'][pin.level] : `${pin.pwm} % at ${thousands(pin.hertz)} Hz`}`;

const formatInput = ({ gpio, millivolts }: Simulation['inputs'][number]): string =>
  `GPIO${gpio} carries ${(millivolts / 1000).toFixed(3)} V`;

/** As a range: how many clocks of peripherals run is not modelled. */
function formatEnergy(
  { energy: { millijoulesPerToken, milliamperes, volts } }: Simulation,
  boards: number | undefined,
): string {
  const [least, most] = [millijoulesPerToken.least, millijoulesPerToken.most].map((mJ) => mJ.toPrecision(2));
  const [low, high] = [milliamperes.least, milliamperes.most].map((mA) => mA.toFixed(0));
  return `about ${least} to ${most} mJ, estimated from the data sheet's ${low} to ${high} mA at ${volts} V (${boards ? `the ${boards} chips` : 'the chip'} alone)`;
}

const rate = (value: number): string => (value < 100 ? value.toFixed(1) : thousands(value));

function formatProfile({ profile, status }: Simulation): string {
  const total = profile.reduce((sum, { cycles }) => sum + cycles[0] + cycles[1], 0);
  const row = (name: string, cycles: readonly number[]): string[] => [
    name,
    thousands(cycles[0] / status.passes),
    thousands(cycles[1] / status.passes),
    `${((100 * (cycles[0] + cycles[1])) / total).toFixed(1)} %`,
  ];
  const rest = profile
    .slice(LISTED_FUNCTIONS)
    .reduce((sum, { cycles }) => [sum[0] + cycles[0], sum[1] + cycles[1]], [0, 0]);
  return formatTable(
    [
      ['cycles per token', 'core 0', 'core 1', 'share'],
      ...profile.slice(0, LISTED_FUNCTIONS).map(({ name, cycles }) => row(name, cycles)),
      ...(rest[0] + rest[1] > 0 ? [row('everything else', rest)] : []),
    ],
    '  ',
  );
}
