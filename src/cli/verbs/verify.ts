/** `verify`: the same story from a board and from the simulator, bit by bit. */
import type { Command } from 'commander';
import { FailureError } from '../../errors.ts';
import { writeOutput } from '../../files.ts';
import type { Verification } from '../../serial/index.ts';
import { integer } from '../arguments.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { FIXED_QUESTION } from '../fixed-question.ts';
import { openNamed } from '../model-options.ts';
import { openPort, type PortOptions, portOptions } from '../port-options.ts';
import { formatTable, thousands } from '../table.ts';

interface Options extends BuildOptions, PortOptions {
  tokens: number;
  report?: string;
  json?: boolean;
}

const QUESTION = { ...FIXED_QUESTION, seed: 1234n } as const;

export function register(program: Command): void {
  portOptions(firmwareOptions(program.command('verify')))
    .description('ask a board for a fixed story and compare its bits and memory map with the simulator')
    .option('--tokens <n>', 'length of the story', integer(2, 65536), 128)
    .option('--report <file>', 'save the comparison, to send in')
    .option('--json', 'comparison as JSON on stdout')
    .addHelpText(
      'after',
      '\nModel and board options must be those the board was flashed with. The board answers in JSON mode, whose\nlonger lines cost it a few percent of its cycles; the simulator tells the story as people see it.\n\nExample:\n  $ esp32-llm verify --port /dev/ttyACM0',
    )
    .action(verify);
}

async function verify(options: Options): Promise<void> {
  const { expectationOf, openDevice, verifyBoard } = await import('../../serial/index.ts');
  const { simulate } = await import('../../firmware/index.ts');
  const connection = await openPort(options);
  try {
    const device = await openDevice(connection);
    const firmware = await buildFrom(await openNamed(options), options);
    const question = { ...QUESTION, tokens: options.tokens };
    const expected = expectationOf(question, firmware, simulate(firmware, question));
    const result = await verifyBoard(device, expected);
    await device.leave();
    report(result, connection.name, options);
  } finally {
    await connection.close();
  }
}

function report(result: Verification, port: string, options: Options): void {
  if (options.report) {
    const document = {
      ...result,
      board: options.board,
      port,
      date: new Date().toISOString(),
      question: { ...QUESTION, seed: String(QUESTION.seed) },
    };
    writeOutput(options.report, `${JSON.stringify(document, null, 2)}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else process.stdout.write(`${formatVerification(result)}\n`);
  if (!result.ok) {
    throw new FailureError(
      result.map.expected === result.map.actual
        ? 'the board told another story than the simulator: one of them is wrong; please report it with --report FILE'
        : 'the board runs another image than these options build: flash it again, or give verify the options it was flashed with',
    );
  }
}

function formatVerification(result: Verification): string {
  const number = (value: number): string => (value < 1000 ? value.toFixed(1) : thousands(value));
  const row = (name: string, { predicted, measured }: Verification['cyclesPerToken']): string[] => [
    name,
    number(predicted),
    number(measured),
    `${((100 * (measured - predicted)) / predicted).toFixed(2)} %`,
  ];
  return formatTable([
    ['', 'simulator', 'board', 'difference'],
    [
      'digest',
      result.digest.expected,
      result.digest.actual,
      result.digest.expected === result.digest.actual ? 'none' : 'DIFFERS',
    ],
    [
      'memory map',
      result.map.expected,
      result.map.actual,
      result.map.expected === result.map.actual ? 'none' : 'DIFFERS',
    ],
    row('cycles/token', result.cyclesPerToken),
    row('first token', result.firstToken),
    row('last token', result.lastToken),
    row('tokens/s', result.tokensPerSecond),
  ]);
}
