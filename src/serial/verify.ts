/** The same bits on the desk and in the hand: a board against what the simulator says of the same image. */
import type { SettingName, SettingValues } from '../contract/index.ts';
import { storyLines } from '../contract/index.ts';
import type { Firmware, Simulation } from '../firmware/index.ts';
import { type Device, type EndEvent, tokensPerSecond } from './device.ts';

/** What the simulator found for the image that should be on the board. */
export interface Expectation extends Required<SettingValues> {
  prompt: string;
  seed: bigint;
  /** Positions at most. */
  tokens: number;
  digest: string;
  /** Fingerprint of the memory map. */
  map: string;
  cycles: number;
  first: number;
  last: number;
  passes: number;
}

/** The expectation for a question that the simulator has answered with the same firmware. */
export function expectationOf(
  question: Pick<Expectation, 'prompt' | 'seed' | 'tokens' | SettingName>,
  { mapFingerprint }: Firmware,
  { digest, status }: Simulation,
): Expectation {
  const { totalCycles, firstCycles, lastCycles, passes } = status;
  return {
    ...question,
    digest,
    map: mapFingerprint,
    cycles: totalCycles,
    first: firstCycles,
    last: lastCycles,
    passes,
  };
}

/** The expectation by what a simulated board says of the same image. */
export async function expectationFrom(
  device: Device,
  question: Pick<Expectation, 'prompt' | 'seed' | 'tokens' | SettingName>,
): Promise<Expectation> {
  for (const line of storyLines(question)) await device.command(line);
  const { end } = await device.tell(question.prompt);
  const { digest, first, last, tokens: passes } = end;
  return { ...question, digest, map: device.ready.map, cycles: Number(end.cycles), first, last, passes };
}

/** A figure twice: what the cycle model predicts, and what the board measured. */
export interface Comparison {
  predicted: number;
  measured: number;
}

export interface Verification {
  ok: boolean;
  digest: { expected: string; actual: string };
  map: { expected: string; actual: string };
  cyclesPerToken: Comparison;
  firstToken: Comparison;
  lastToken: Comparison;
  tokensPerSecond: Comparison;
  model: string;
}

/** Tells the story on the board and compares. The board's settings are left as the story wanted them. */
export async function verifyBoard(device: Device, expected: Expectation): Promise<Verification> {
  for (const line of storyLines(expected)) await device.command(line);
  const { end } = await device.tell(expected.prompt);
  return compare(device, expected, end);
}

function compare(device: Device, expected: Expectation, end: EndEvent): Verification {
  const rate = (passes: number, cycles: number): number => (passes * end.megahertz * 1e6) / cycles;
  const digest = { expected: expected.digest, actual: end.digest };
  const map = { expected: expected.map, actual: device.ready.map };
  return {
    ok: digest.expected === digest.actual && map.expected === map.actual,
    digest,
    map,
    model: device.ready.model,
    cyclesPerToken: {
      predicted: expected.cycles / expected.passes,
      measured: Number(end.cycles) / end.tokens,
    },
    firstToken: { predicted: expected.first, measured: end.first },
    lastToken: { predicted: expected.last, measured: end.last },
    tokensPerSecond: { predicted: rate(expected.passes, expected.cycles), measured: tokensPerSecond(end) },
  };
}
