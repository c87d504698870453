/** A request answered by a simulated board whose model has a grammar of answers. */
import { latin1Bytes } from '../bytes.ts';
import { FailureError } from '../errors.ts';
import type { Firmware } from './build.ts';
import { type SimulateOptions, type Simulation, simulate } from './simulate.ts';

export interface ChipAnswer {
  /** A line of JSON, and one more for each pin that it moved or read. */
  text: string;
  /** From Enter to the last token, as predicted. */
  milliseconds: number;
  /** Tokens of request and answer. */
  passes: number;
  simulation: Simulation;
}

/** @throws as {@link simulate}, and FailureError where no answer is printed */
export function answerOnChip(
  firmware: Firmware,
  request: string,
  options: Omit<SimulateOptions, 'prompt'> = {},
): ChipAnswer {
  const simulation = simulate(firmware, { ...options, prompt: request });
  const printed = new TextDecoder().decode(latin1Bytes(simulation.printed));
  const lines = printed.split(/\r?\n/);
  const first = lines.findLastIndex((line) => line.startsWith('{"intent"'));
  if (first < 0) throw new FailureError('the board printed no answer; is its grammar one of answers?');
  const text = lines
    .slice(first)
    .filter((line) => line.startsWith('{'))
    .join('\n');
  const { totalCycles, passes } = simulation.status;
  return { text, milliseconds: totalCycles / firmware.clock / 1000, passes, simulation };
}
