/** `worker`: this machine's boards for whoever asks through a broker. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { type SourceOptions, sourceOptions, sourcesOf, watchUsb } from '../board-sources.ts';
import { type BrokerOptions, brokerOptions } from '../broker-options.ts';
import { untilEnded } from '../ended.ts';

interface Options extends SourceOptions, Partial<BrokerOptions> {
  discovery?: true | string;
}

export function register(program: Command): void {
  brokerOptions(sourceOptions(program.command('worker')), 'the MQTT 5 broker (or ESP32_LLM_BROKER)')
    .description('offer boards on an MQTT 5 broker, for "serve --broker" on any machine')
    .option('--discovery [prefix]', 'show the boards in Home Assistant (its prefix: homeassistant)')
    .addHelpText(
      'after',
      `
The broker spreads requests among all boards with a model. Any number of workers and of "serve --broker" may share it.

Example, with Mosquitto on this machine:
  $ esp32-llm worker --broker mqtt://localhost --usb
  $ esp32-llm serve --broker mqtt://localhost`,
    )
    .action(work);
}

async function work(options: Options): Promise<void> {
  const { broker, prefix, discovery } = options;
  if (broker === undefined)
    throw new UsageError('worker needs a broker: --broker mqtt://host, or ESP32_LLM_BROKER');
  const { createWorker } = await import('../../broker/index.ts');
  const worker = await createWorker(broker, await sourcesOf(options), {
    prefix,
    discovery: discovery === true ? 'homeassistant' : discovery,
  });
  if (options.usb) watchUsb(worker);
  const { length } = worker.boards;
  process.stderr.write(
    `${length === 1 ? '1 board' : `${length} boards`} on the broker as worker ${worker.id}; Ctrl-C ends it\n`,
  );
  await untilEnded();
  await worker.close();
}
