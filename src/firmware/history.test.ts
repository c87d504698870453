/** What a prompt has in common with the text before is not read again: the same story, sooner. */
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostProgram, type HostProgram } from './host.ts';
import { planMemory } from './plan.ts';
import { createSession } from './session.ts';
import { formatDigest } from './status.ts';
import { smallFirmware, smallModel } from './testing.ts';

const CONTEXT = 160;
const { quantized, int4, float, tokenizer } = smallModel();

/** Prompts one after the other: longer, shorter, the same, another, and one that a story has gone beyond. */
const PROMPTS = [
  'Tom had a red ball and a blue car.',
  'Tom had a red ball and a green car.',
  'Tom had',
  'Tom had',
  'Lily and Ben went to the park.',
  'Lily and Ben went to the park. They saw a big dog.',
  '',
  'Lily and Ben',
];

type Options = Partial<Parameters<typeof createHostProgram>[0]>;
const start = (options: Options): HostProgram =>
  createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT, ...options });

function ask(host: HostProgram, prompt: string): { digest: string; reused: number } {
  host.type(`${prompt}\r`);
  host.settle();
  return { digest: formatDigest(host.status.digest), reused: host.status.reused };
}

const settle = (host: HostProgram, settings: string): HostProgram => {
  host.type(`${settings}\r`);
  host.settle();
  return host;
};

describe('a prompt that begins like the text before', () => {
  it.each([
    ['int8', {}, '/temp 0'],
    ['int8, drawn', {}, '/temp 0.9\r/seed 7'],
    ['int4, several positions in a pass', { model: int4, lanes: 12 }, '/temp 0'],
    ['with guesses from the text', { lanes: 12, drafts: 7 }, '/temp 0'],
    ['with guesses of a model', { lanes: 12, drafts: 7, drafter: int4 }, '/temp 0.7\r/seed 3'],
    ['float', { model: float }, '/temp 0'],
  ])('has the same story as if all were read: %s', { timeout: 120_000 }, (_, options, settings) => {
    const host = settle(start(options), settings);
    const reused = PROMPTS.map((prompt) => {
      const story = ask(host, prompt);
      const fresh = ask(settle(start({ ...options, history: false }), settings), prompt);
      expect(story.digest, prompt).toBe(fresh.digest);
      return story.reused;
    });
    const length = (text: string) => tokenizer.encode(text).length;
    expect(reused[0]).toBe(0);
    expect(reused[1]).toBeGreaterThan(length('Tom had a red ball') - 2);
    expect(reused[3]).toBe(reused[2]);
    expect(reused[5]).toBeGreaterThan(length(PROMPTS[4]) - 3);
    expect(reused[6]).toBe(0);
  });

  it('goes on from a story that has gone on itself', () => {
    const host = settle(start({}), '/temp 0\r/tokens 60');
    ask(host, 'Once upon a time');
    const told = [...host.tokens].flatMap((token, i, all) => [
      ...tokenizer.decode(all[i - 1] ?? tokenizer.special.start, token),
    ]);
    const text = new TextDecoder().decode(Uint8Array.from(told)).trim();
    if (!/^[ -~]+$/.test(text)) return;
    settle(host, '/tokens 120');
    const story = ask(host, `${text} Then`);
    expect(story.reused).toBeGreaterThan(40);
    expect(story.digest).toBe(
      ask(settle(start({ history: false }), '/temp 0\r/tokens 120'), `${text} Then`).digest,
    );
  });

  it.each([
    ['two cores', {}],
    ['one core', { cores: 1 }],
  ] as const)('is read from where it differs on the chip: %s', { timeout: 120_000 }, (_, variant) => {
    const board = findBoard('devkitc-n16r8');
    const firmware = smallFirmware({ weights: 'flash', context: CONTEXT, board, ...variant });
    const session = createSession(firmware);
    session.boot();
    session.command('/temp 0');
    session.command('/tokens 30');
    const host = settle(start({ history: false }), '/temp 0\r/tokens 30');
    const stories = ['Tom had a red ball', 'Tom had a red car'].map((prompt) => {
      const { digest, reused } = session.tell(prompt, 60);
      expect(formatDigest(digest)).toBe(ask(host, prompt).digest);
      return reused;
    });
    expect(stories[0]).toBe(0);
    expect(stories[1]).toBeGreaterThan(4);
  });

  it('is read again where SRAM has better uses', () => {
    const plan = (board: string, weights: 'flash' | 'sram') =>
      planMemory({
        model: quantized,
        tokenizer,
        board: findBoard(board),
        program: [],
        weights,
        context: CONTEXT,
      }).history;
    expect([plan('devkitc-n16r8', 'flash'), plan('devkitc-n16r8', 'sram'), plan('bare-s3', 'flash')]).toEqual(
      [true, false, false],
    );
  });
});
