/**
 * A conversation on its way to a device: its turns as parts of a prompt (device/turns.ts), the oldest left out where the context does not
 * hold them all. What parts have in common with the text before stays in the device's cache.
 */
import { latin1, latin1Bytes } from '../bytes.ts';
import { FailureError } from '../errors.ts';
import { type ChatTemplate, checkTurns, renderTurns, type TemplateParts, type Turn } from '../model/index.ts';
import type { Device, Story } from './device.ts';
import { isLasting } from './lasting.ts';
import { createTextStream, trimmedStart } from './text-stream.ts';

/** What this needs of a device. */
interface Commanded {
  ready: { context: number; template?: ChatTemplate };
  command(line: string): Promise<string[]>;
}

export interface Laid {
  /** Tokens that stand before the answer, the start token included. */
  tokens: number;
  /** Turns that were left out, from the oldest. */
  dropped: number;
}

/** Of a text, in base64, with its command, within a line of the console. */
const PART_BYTES = 372;
/** Tokens of turns that are remembered, so that what does not fit is not sent to find that out. */
const REMEMBERED = 1000;
const sizes = new WeakMap<object, Map<string, number>>();

/** Tokens for an answer for which none are asked: a quarter of the context. */
const roomFor = (context: number, answer: number | undefined): number =>
  Math.min(answer ?? Math.floor(context / 4), Math.floor(context / 2));

/**
 * Lays a conversation before a device's next prompt, which is then empty. The system's turn and the last one stay; of those between, the
 * oldest go until `answer` tokens find room, at most half of the context.
 * @throws FailureError where it is none for the device's template, or the last turn alone is too long
 */
export async function layTurns(device: Commanded, turns: readonly Turn[], answer?: number): Promise<Laid> {
  const { context, template } = device.ready;
  if (!template) throw new FailureError("the board's image has no template of conversations");
  const trouble = checkTurns(template, turns);
  if (trouble !== undefined) throw new FailureError(trouble);
  const head = turns[0].role === 'system' ? 1 : 0;
  const most = context - roomFor(context, answer) + 1;
  const known = sizes.get(device) ?? new Map<string, number>();
  sizes.set(device, known);
  const keyOf = (parts: TemplateParts): string => JSON.stringify(parts);
  for (let dropped = 0; ; dropped++) {
    if (dropped > 0 && turns[head + dropped].role === 'assistant') continue; // an answer goes with its question
    const kept = [...turns.slice(0, head), ...turns.slice(head + dropped)];
    const isLast = head + dropped === turns.length - 1;
    const lists = renderTurns(template, kept);
    const sum = lists.reduce((all, parts) => all + (known.get(keyOf(parts)) ?? 0), 1);
    if (!isLast && sum > most) continue;
    const tokens = await lay(device, lists, (parts, count) => {
      known.set(keyOf(parts), count);
      for (const [oldest] of known) if (known.size > REMEMBERED) known.delete(oldest);
    });
    if (tokens !== undefined && (isLast || tokens <= most)) return { tokens, dropped };
    if (isLast) {
      const what = head ? "the system's message and the last one have" : 'the last message has';
      throw new FailureError(`${what} more tokens than the context of ${context} holds; write less`);
    }
  }
}

/** Sends parts; how many tokens they are, or undefined where the context does not hold them. */
async function lay(
  device: Commanded,
  lists: readonly TemplateParts[],
  onTokens: (parts: TemplateParts, count: number) => void,
): Promise<number | undefined> {
  await device.command('/part');
  let tokens = 1;
  for (const parts of lists) {
    const before = tokens;
    for (const line of parts.flatMap(linesOf)) {
      const answered = await accepted(device, line);
      if (answered === undefined) return undefined;
      tokens = answered;
    }
    onTokens(parts, tokens - before);
  }
  return tokens;
}

/** The tokens that stand there now; undefined where the device refuses. */
async function accepted(device: Commanded, line: string): Promise<number | undefined> {
  try {
    const answer = (await device.command(line)).map((text) => /^(\d+) tokens stand/.exec(text)).find(Boolean);
    if (!answer) throw new FailureError(`the board does not say how many tokens ${line.slice(0, 12)} are`);
    return Number(answer[1]);
  } catch (error) {
    if (error instanceof FailureError && !isLasting(error) && /more tokens than/.test(error.message))
      return undefined;
    throw error;
  }
}

/** A part as commands: a text that is too long for a line is cut before a space. */
function linesOf(part: string | number): string[] {
  if (typeof part === 'number') return [`/part token ${part}`];
  const bytes = new TextEncoder().encode(part);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = endOfPiece(bytes, at);
    lines.push(`/part text ${btoa(latin1(bytes.subarray(at, end)))}`);
    at = end;
  }
  return lines;
}

const SPACE = 0x20;

function endOfPiece(bytes: Uint8Array, at: number): number {
  if (bytes.length - at <= PART_BYTES) return bytes.length;
  const last = at + PART_BYTES;
  for (let end = last; end > at + PART_BYTES / 2; end--) if (bytes[end] === SPACE) return end;
  let end = last;
  while ((bytes[end] & 0xc0) === 0x80) end--; // not within a character
  return end;
}

/** An answer within a conversation, whole. */
export interface Answered {
  text: string;
  dropped: number;
  story: Story;
}

/**
 * Asks the last of these turns; `onText` receives the answer as it comes, without what ends it.
 * @throws FailureError as {@link layTurns} and `tell`
 */
export async function converse(
  device: Device,
  turns: readonly Turn[],
  onText: (text: string) => void = () => {},
): Promise<Answered> {
  const { dropped } = await layTurns(device, turns);
  const { end } = device.ready.template!;
  let text = '';
  const hear = trimmedStart((piece) => {
    text += piece;
    onText(piece);
  });
  const stream = createTextStream(typeof end === 'string' ? [end] : [], hear);
  const story = await device.tell('', (token, start) => {
    if (token.n >= (start?.prompt ?? 1) - 1) stream.push(latin1Bytes(token.text));
  });
  stream.end();
  return { text, dropped, story };
}
