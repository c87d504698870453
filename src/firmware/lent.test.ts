/** A prompt's lanes in the place of matrices that SRAM holds between prompts: the same stories, sooner. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { loadCheckpoint } from '../model/index.ts';
import { largeModel } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware } from './build.ts';
import { createHostProgram } from './host.ts';
import { planMemory } from './plan.ts';
import { createSession } from './session.ts';
import { formatDigest } from './status.ts';

const CONTEXT = 128;
const PROMPT =
  'Once upon a time there was a little girl named Lily. One day she went to the park with her mom and saw a big red ball under the old tree. She was';
/** 64 tokens and more. */
const LONG = `${PROMPT} very happy and ran to it. Then a dog came and took the ball away, and Lily was sad and cried a lot until her mom bought a new one.`;

const model = loadCheckpoint(
  readFileSync(new URL('../../models/stories-large.safetensors', import.meta.url)),
  'stories-large',
);
const tokenizer = model.tokenizer!;
const board = findBoard('devkitc-n16r8');
const large = quantize(model, { room: board.psramBytes });

function createHost() {
  const host = createHostProgram({ programs, model: large, tokenizer, context: CONTEXT });
  const say = (line: string) => {
    host.type(`${line}\r`);
    host.settle();
  };
  say('/temp 0');
  return (prompt: string, tokens: number) => {
    say(`/tokens ${tokens}`);
    say(prompt);
    return { digest: formatDigest(host.status.digest), prompt: host.prompt.length };
  };
}

describe('a matrix that lends its room to a prompt', () => {
  it('is there where lanes would lie in PSRAM', () => {
    const plan = (options: Partial<Parameters<typeof planMemory>[0]>) => {
      const request = { model: large, tokenizer, board, program: [], context: CONTEXT, ...options };
      const { lanes, lent, placed } = planMemory(request);
      const batch = placed.find(({ name }) => name === 'batch');
      return { lanes, lent: lent !== undefined, batch: batch && batch.bytes / large.laneBytes };
    };
    expect(plan({ draft: 'none' })).toEqual({ lanes: 24, lent: true, batch: undefined });
    expect(plan({ draft: 'text' })).toEqual({ lanes: 24, lent: true, batch: 8 });
    const flashAlone = plan({ draft: 'none', board: findBoard('bare-s3') });
    expect(flashAlone).toMatchObject({ lent: false, batch: flashAlone.lanes });
  });

  it('is one of several that lie one right behind the other, where one is too small', () => {
    const { model, tokenizer } = largeModel();
    const small = quantize(model, { precision: 'int4' });
    const { lanes, lent, placed } = planMemory({
      model: small,
      tokenizer,
      board,
      program: [],
      draft: 'none',
    });
    const items = lent!.names.map((name) => placed.find((item) => item.name === name)!);
    expect(items.length).toBeGreaterThan(1);
    const [first, last] = [items[0], items[items.length - 1]];
    const end = last.address + last.bytes;
    expect(end - first.address).toBe(lent!.bytes);
    const inside = placed.filter(
      ({ region, address }) => region === 'sram' && address >= first.address && address < end,
    );
    expect(inside.map(({ name }) => name).sort()).toEqual([...lent!.names].sort());
    expect(lanes * small.laneBytes).toBeLessThanOrEqual(lent!.bytes);
    // The fewest that hold the most lanes: without one of them there is no room.
    expect(lanes).toBe(24);
    for (const { bytes } of [first, last]) expect(lent!.bytes - bytes).toBeLessThan(lanes * small.laneBytes);
    const copy = placed.find(({ name }) => name === 'lentCopy')!;
    expect([copy.region, copy.bytes >= lent!.bytes]).toEqual(['psram', true]);
  });

  it('has it back for the story, and after a prompt that was stopped', { timeout: 240_000 }, () => {
    const onHost = createHost();
    const firmware = buildFirmware({ programs, model: large, tokenizer, board, context: CONTEXT, cache });
    const session = createSession(firmware, { cache });
    session.boot();
    session.command('/temp 0');
    const tell = (prompt: string, tokens: number) => {
      session.command(`/tokens ${tokens}`);
      return session.tell(prompt, 60);
    };

    session.command('/tokens 80');
    let isTyped = false;
    const stopped = session.tell(PROMPT, 60, () => {
      if (isTyped || session.statusWord('passes') < 4) return;
      session.type('\x03');
      isTyped = true;
    });
    const { prompt } = onHost(PROMPT, 80);
    expect(stopped.passes).toBeLessThan(prompt - 1);
    expect(formatDigest(tell('Tom', 4).digest)).toBe(onHost('Tom', 4).digest);

    const read = tell(PROMPT, prompt + 2);
    expect(formatDigest(read.digest)).toBe(onHost(PROMPT, prompt + 2).digest);
    const again = tell('Lily had a cat.', 9);
    expect(formatDigest(again.digest)).toBe(onHost('Lily had a cat.', 9).digest);
    expect(session.chip.warnings.list).toEqual([]);
  });

  it('makes a prompt eight times as fast as a story', { timeout: 240_000 }, () => {
    const options = { programs, model: large, tokenizer, board, context: CONTEXT, cache };
    const session = createSession(buildFirmware({ ...options, draft: 'none' }), { cache });
    session.boot();
    session.command('/temp 0');
    const { prompt } = createHost()(LONG, 100);
    expect(prompt).toBeGreaterThan(60);
    const cycles = (tokens: number): number => {
      session.command('/tokens 3');
      session.tell('Tom', 60); // nothing of the prompt is left
      session.command(`/tokens ${tokens}`);
      return Number(session.tell(LONG, 60).totalCycles);
    };
    const read = cycles(prompt - 1);
    const told = (cycles(prompt + 3) - read) / 4;
    expect(told / (read / (prompt - 1))).toBeGreaterThan(8);
  });
});
