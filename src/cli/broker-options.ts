/** Where the MQTT broker is. */
import { type Command, InvalidArgumentError } from 'commander';

export interface BrokerOptions {
  broker: string;
  prefix: string;
}

export const brokerOptions = (command: Command, about: string): Command =>
  command
    .option('--broker <url>', about, brokerUrl, process.env.ESP32_LLM_BROKER)
    .option('--prefix <text>', 'first levels of all topics', 'esp32-llm');

function brokerUrl(text: string): string {
  const { protocol = '' } = URL.canParse(text) ? new URL(text) : {};
  if (/^(mqtts?|wss?):$/.test(protocol)) return text;
  throw new InvalidArgumentError('Give mqtt://host, mqtts://user:password@host or wss://host/path.');
}
