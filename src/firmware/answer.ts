/** A request answered by a simulated board whose model has a grammar of answers. */
import { latin1Bytes } from '../bytes.ts';
import { FailureError } from '../errors.ts';
import type { Firmware } from './build.ts';
import { type SimulateOptions, type Simulation, simulate } from './simulate.ts';

export interface ChipAnswer {
  /** One line of JSON. */
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
  const text = printed
    .split(/\r?\n/)
    .reverse()
    .find((line) => line.startsWith('{'));
  if (text === undefined)
    throw new FailureError('the board printed no answer; is its grammar one of answers?');
  const { totalCycles, passes } = simulation.status;
  return { text, milliseconds: totalCycles / firmware.clock / 1000, passes, simulation };
}
