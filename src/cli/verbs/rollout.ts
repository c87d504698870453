/** `rollout`: a new image for many boards, the first of them as a canary, with a way back. */
import type { Command } from 'commander';
import { FailureError, UsageError } from '../../errors.ts';
import { readInput } from '../../files.ts';
import { integer } from '../arguments.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { openNamed } from '../model-options.ts';
import { ROLLOUT_QUESTION, ROLLOUT_TOKENS, sayStep } from '../rollout-steps.ts';

interface Options extends BuildOptions {
  port: string[];
  back: string;
  baud: number;
  tokens: number;
}

export function register(program: Command): void {
  firmwareOptions(program.command('rollout'))
    .description('a new image for many boards, one by one: checked against the simulator, with a way back')
    .requiredOption('--port <p>', 'a board; given once for each, the first is the canary', collect, [])
    .requiredOption('--back <image>', 'the image that the boards have now, as build wrote it')
    .option('--baud <n>', 'rate of the transfer', integer(9600, 4_000_000), 921_600)
    .option('--tokens <n>', 'length of the story', integer(2, 65536), ROLLOUT_TOKENS)
    .addHelpText(
      'after',
      '\nThe next board is touched only when the one before tells the right story. Boards that serve are renewed by\nserve itself: serve --rollout new.bin --back old.bin.\n\nExample:\n  $ esp32-llm rollout --back old.bin --model new.safetensors --port /dev/ttyACM0 --port /dev/ttyACM1',
    )
    .action(rollout);
}

const collect = (value: string, before: string[]): string[] => [...before, value];

async function rollout(options: Options): Promise<void> {
  if (options.port.length === 0) throw new UsageError('name the boards, each with --port');
  const [{ expectationOf, needsOf, rollOut }, { openConnection }, { simulate }] = await Promise.all([
    import('../../serial/index.ts'),
    import('../../serial/node/index.ts'),
    import('../../firmware/index.ts'),
  ]);
  const back = readInput(options.back, 'the old image');
  const firmware = await buildFrom(await openNamed(options), options);
  const question = { ...ROLLOUT_QUESTION, tokens: Math.min(options.tokens, firmware.context) };
  const { renewed, failed, left } = await rollOut(
    options.port.map((name) => ({ name, open: () => openConnection(name) })),
    {
      next: {
        flash: firmware.flash,
        needs: needsOf(firmware),
        expected: expectationOf(question, firmware, simulate(firmware, question)),
      },
      back,
      baud: options.baud,
      onStep: sayStep,
    },
  );
  process.stdout.write(`${JSON.stringify({ renewed, failed, left })}\n`);
  if (failed) throw new FailureError(`${failed.why}; the boards behind it were not touched`);
}
