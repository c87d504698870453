/** Conversations: the same tokens and digests on host and simulated chip, the cache kept, the oldest turns left out. */
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { createSession, formatDigest } from '../firmware/index.ts';
import { smallFirmware, smallModel } from '../firmware/testing.ts';
import { type ChatTemplate, TEMPLATES, type Turn } from '../model/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { hostConnection } from '../serve/host-board.ts';
import { type Answered, converse, layTurns } from './conversation.ts';
import { type Device, openDevice } from './device.ts';

const { quantized, float, int4, tokenizer } = smallModel();
const CONTEXT = 96;
const { plain } = TEMPLATES;
/** As others' models have it: tokens part the turns, which no text has in it. */
const marked: ChatTemplate = {
  user: { before: [1, 'Ask '], behind: [2] },
  assistant: { before: [1], behind: [2, '\n'] },
  end: '.',
};

type Options = Partial<Parameters<typeof hostConnection>[0]>;
const host = (options: Options = {}): Promise<Device> =>
  openDevice(
    hostConnection({ programs, model: quantized, tokenizer, context: CONTEXT, template: plain, ...options }),
  );
const settle = async (device: Device, ...lines: string[]): Promise<Device> => {
  for (const line of lines) await device.command(line);
  return device;
};

const user = (content: string): Turn => ({ role: 'user', content });
const assistant = (content: string): Turn => ({ role: 'assistant', content });

/** Asks one question after the other, each with what was said before. */
async function talk(device: Device, questions: readonly string[]): Promise<Answered[]> {
  const turns: Turn[] = [];
  const answers: Answered[] = [];
  for (const question of questions) {
    turns.push(user(question));
    const answered = await converse(device, turns);
    answers.push(answered);
    turns.push(assistant(answered.text));
  }
  return answers;
}

const facts = ({ text, dropped, story }: Answered) => ({
  text,
  dropped,
  ids: story.tokens.map(({ id }) => id),
  digest: story.end.digest,
});

const QUESTIONS = ['Tom had a ball.', 'Was it red?', 'Who saw it?'];

describe('a conversation', () => {
  it('is what its turns are written as, and its answer ends with the text that ends one', async () => {
    const device = await settle(await host(), '/temp 0');
    const turns = [user(' Tom had a ball '), assistant('It was red'), user('Lily')];
    const { tokens, dropped } = await layTurns(device, turns);
    const { start, tokens: told } = await device.tell('');
    expect([start?.prompt, dropped]).toEqual([tokens, 0]);
    const text = told.slice(0, tokens - 1).map((token) => token.text);
    expect(text.join('')).toBe('User: Tom had a ball\nAssistant: It was red\nUser: Lily\nAssistant:');
    const ended = await host({ template: marked });
    const answers = await talk(await settle(ended, '/temp 0'), QUESTIONS);
    for (const { story, text: answer } of answers) {
      expect([story.end.ending, story.tokens.at(-1)!.text]).toEqual(['finished', '.']);
      expect(answer).not.toContain('.');
    }
  });

  it('has tokens of its own between turns, which end no story', async () => {
    const device = await settle(await host({ template: marked }), '/temp 0', '/tokens 60');
    const { tokens } = await layTurns(device, [user('Tom'), assistant('ran'), user('Ben')]);
    const { tokens: told } = await device.tell('');
    const ids = told.slice(0, tokens - 1).map(({ id }) => id);
    expect(ids.filter((id) => id === 2)).toHaveLength(3);
    expect(ids.filter((id) => id === 1)).toHaveLength(3); // the first one is where every text begins
    expect(told.length).toBeGreaterThan(tokens);
  });

  it.each<[string, Options, string[]]>([
    ['int8', {}, ['/temp 0']],
    ['int8, drawn', {}, ['/temp 0.8', '/seed 5']],
    ['without keys as they were', { history: false }, ['/temp 0']],
    ['int4, several positions in a pass, guesses', { model: int4, lanes: 12, drafts: 7 }, ['/temp 0']],
    ['float', { model: float }, ['/temp 0']],
  ])(
    'is read on from where it was, with the answers that all of it has: %s',
    { timeout: 60_000 },
    async (_, options, settings) => {
      const template = marked;
      const answers = await talk(await settle(await host({ template, ...options }), ...settings), QUESTIONS);
      const turns: Turn[] = [];
      for (const [i, answer] of answers.entries()) {
        turns.push(user(QUESTIONS[i]));
        const fresh = await converse(await settle(await host({ template, ...options }), ...settings), turns);
        expect(facts(answer)).toEqual(facts(fresh));
        expect(fresh.story.end.reused).toBeUndefined();
        turns.push(assistant(answer.text));
      }
      // All but the text that ends an answer, and what the draw wrote in other pieces than a text is cut into.
      const before = answers.map(({ story }) => story.tokens.length);
      expect(answers[1].story.end.reused).toBeGreaterThan(settings.length > 1 ? 5 : before[0] - 4);
    },
  );

  it.each([
    ['two cores, keys kept in PSRAM', { weights: 'flash', board: findBoard('devkitc-n16r8') }],
    ['one core, SRAM alone', { cores: 1, board: findBoard('bare-s3') }],
  ] as const)('is the same on the chip: %s', { timeout: 600_000 }, async (_, variant) => {
    const settings = ['/temp 0.6', '/seed 9'];
    const here = await settle(await host({ template: marked, context: 64 }), ...settings);
    const session = createSession(smallFirmware({ context: 64, template: marked, ...variant }));
    session.boot();
    for (const line of settings) session.command(line);
    const chip = {
      ready: { context: 64, template: marked },
      async command(line: string) {
        const before = session.printed.length;
        session.command(line);
        return session.printed.slice(before).split(/[\r\n]+/);
      },
    };
    const turns: Turn[] = [];
    const reused: number[] = [];
    for (const question of QUESTIONS.slice(0, 2)) {
      turns.push(user(question));
      const { text, story } = await converse(here, turns);
      await layTurns(chip, turns);
      const status = session.tell('', 60);
      expect(formatDigest(status.digest)).toBe(story.end.digest);
      reused.push(status.reused);
      turns.push(assistant(text));
    }
    expect(reused[0]).toBe(0);
    expect(reused[1]).toBeGreaterThan(3);
  });

  it('leaves the oldest turns out where the context is full, a question with its answer; the system stays', async () => {
    const device = await settle(await host(), '/temp 0');
    const system: Turn = { role: 'system', content: 'Be kind' };
    const long = Array.from({ length: 12 }, (_, i) => [
      user(`Question ${i}`),
      assistant(`Answer ${i}`),
    ]).flat();
    const { tokens, dropped } = await layTurns(device, [system, ...long, user('Last')], 20);
    expect(dropped).toBeGreaterThan(0);
    expect(dropped % 2).toBe(0);
    expect(tokens).toBeLessThanOrEqual(CONTEXT - 20 + 1);
    const told = (await device.tell('')).tokens.slice(0, tokens - 1);
    const text = told.map((token) => token.text).join('');
    expect(text).toMatch(/^Be kind\nUser: Question \d+\n/);
    expect(text).toMatch(/User: Last\nAssistant:$/);
    expect(text).toContain(`User: Question ${dropped / 2}\n`);
    // One more would not have found room, and another board cuts the same.
    const other = await layTurns(await host(), [system, ...long, user('Last')], 20);
    expect(other).toEqual({ tokens, dropped });
    const known = await layTurns(device, [system, ...long, user('Last')], 20);
    expect(known).toEqual({ tokens, dropped });
  });

  it('takes texts that are longer than a line, and refuses what the context does not hold', async () => {
    const device = await host({ context: 400, model: quantized });
    const { tokens } = await layTurns(device, [user('a b '.repeat(130))]);
    expect(tokens).toBeGreaterThan(130);
    await expect(layTurns(device, [user('long words '.repeat(200))])).rejects.toThrow(
      /the last message has more tokens than the context of 400 holds/,
    );
    const small = await host({ template: marked });
    const system: Turn = { role: 'system', content: 'Be kind' };
    await expect(layTurns(small, [system, user('a')])).rejects.toThrow(/knows no system message/);
    await expect(layTurns(small, [user('a'), assistant('b')])).rejects.toThrow(/must be the user's/);
  });

  it('does not touch who says nothing of it: a prompt of one line is told as ever', async () => {
    const device = await settle(await host(), '/temp 0', '/tokens 40');
    const plainDevice = await settle(await host({ template: undefined }), '/temp 0', '/tokens 40');
    await layTurns(device, [user('Tom')]);
    await device.command('/part'); // given up
    for (const prompt of ['Once upon a time', 'Once upon a hill'])
      expect((await device.tell(prompt)).end.digest).toBe((await plainDevice.tell(prompt)).end.digest);
    await expect(plainDevice.command('/part')).rejects.toThrow(/no such command/);
    await expect(device.command('/part text ????')).rejects.toThrow(/no base64/);
    await expect(device.command('/part token 99999999')).rejects.toThrow(/wants the number/);
  });
});
