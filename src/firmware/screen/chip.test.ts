import { beforeAll, describe, expect, it } from 'vitest';
import { type Board, findBoard } from '../../chip/boards/boards.ts';
import { withScreen } from '../../chip/boards/screen-option.ts';
import { kept as cache } from '../../testing/kept.ts';
import type { Firmware } from '../build.ts';
import { createSession, type Session } from '../session.ts';
import { smallFirmware, smallModel } from '../testing.ts';
import { drawSplash } from './splash.ts';
import { asciiArt, pictureOf, pixelsOf, wrap } from './testing.ts';

const PROMPT = 'Once upon a time';
const TOKENS = 24;
const LONGEST_STORY = 5;

const build = (board: Board, cores: 1 | 2 = 2): Firmware => smallFirmware({ board, cores });
const without = (board: Board): Board => ({ ...board, screen: undefined });

interface Told {
  session: Session;
  /** The story as the console got it. */
  story: string;
  tokens: number[];
  cycles: number;
}

/** Boots and tells; `during` gets a chance to interfere. */
function tell(firmware: Firmware, during?: () => void, session = createSession(firmware, { cache })): Told {
  session.boot();
  session.command('/temp 0');
  session.command(`/tokens ${TOKENS}`);
  const before = session.printed.length;
  const { totalCycles } = session.tell(PROMPT, LONGEST_STORY, during);
  session.keep();
  const printed = session.printed.slice(before).split('\r\n');
  return { session, story: printed[1], tokens: session.tokens, cycles: totalCycles };
}

/** Lets time pass until the screen has not been sent anything for a while; supply and reset take 60 ms before it is. */
function rest({ chip }: Session): void {
  let bytes = -1;
  while (chip.screen!.dataBytes !== bytes || bytes === 0) {
    bytes = chip.screen!.dataBytes;
    chip.run({ untilSeconds: chip.seconds + 0.01 });
  }
}

const art = (pixels: Uint8Array): string => asciiArt(pixels).join('\n');

describe('screen on the simulated chip', () => {
  const camera = findBoard('t-camera-s3');
  let firmware: Firmware;
  let plain: Told;
  beforeAll(() => {
    firmware = build(camera);
    plain = tell(build(without(camera)));
  });

  it.each([
    ['upside down', camera, 2],
    ['with supply and reset pins, one core', findBoard('heltec-v3'), 1],
    [
      'SH1106 on pins given by option',
      withScreen(findBoard('bare-s3'), 'sh1106:sda=8,scl=9,address=0x3d'),
      2,
    ],
  ] as const)('shows splash, story and bar: %s', (_, board, cores) => {
    const built = board === camera ? firmware : build(board, cores);
    const waiting = createSession(built, { cache });
    waiting.boot();
    rest(waiting);
    expect(art(waiting.chip.screen!.pixels())).toBe(
      art(pixelsOf(drawSplash({ modelName: smallModel().name }))),
    );

    const { session, story, tokens, cycles } = tell(built, undefined, waiting);
    expect(tokens).toEqual(plain.tokens);
    if (cores === 2) expect(cycles / plain.cycles).toBeLessThan(1.04); // the screen's share grows as the model gets faster
    rest(session);
    const shown = asciiArt(session.chip.screen!.pixels());
    const lines = wrap(story.trim());
    expect(lines.length).toBeLessThan(7);
    const bar = 9 * lines.length;
    expect(shown.slice(0, bar - 1)).toEqual(asciiArt(pictureOf(lines)).slice(0, bar - 1));
    expect(shown[bar - 1]).toBe('#'.repeat(128));
    expect(session.chip.warnings.list.map(({ message }) => message)).toEqual([]);
  });

  it('a board whose screen is missing runs on without delay', () => {
    const { tokens, cycles } = tell({ ...firmware, board: without(camera) });
    expect(tokens).toEqual(plain.tokens);
    expect(cycles / plain.cycles).toBeLessThan(1.01);
  });

  it('a screen unplugged in the middle of a story holds nothing up', () => {
    const session = createSession(firmware, { cache });
    const { tokens, cycles } = tell(
      firmware,
      () => {
        if (session.status.passes > TOKENS / 2) session.chip.screen!.setPower(false);
      },
      session,
    );
    expect(tokens).toEqual(plain.tokens);
    // What goes into the void costs what it costs with the screen there: 4 percent of this small story at most.
    expect(cycles / plain.cycles).toBeLessThan(1.04);
  });
});
