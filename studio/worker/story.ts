/** `tell`: builds the image for a board and lets the simulated chip tell a story, watched. */
import { SCREEN_WIDTH } from '../../src/chip/index.ts';
import {
  type Firmware,
  type Session,
  type Simulation,
  settlingScreen,
  simulateSteps,
} from '../../src/firmware/index.ts';
import { createTokenizer } from '../../src/model/index.ts';
import type { ImageFacts, Question, StoryEvent, Told, ToldToken } from './protocol.ts';
import type { ResultStore } from './results.ts';
import { breathe, type CallContext } from './serve.ts';

/** Milliseconds between two looks of the page at what happens: a frame. */
const FRAME_MS = 16;
const CONTROL_C = '\x03';

export const factsOf = (firmware: Firmware, model: string): ImageFacts => ({
  board: firmware.board.id,
  model,
  context: firmware.context,
  clock: firmware.clock,
  imageBytes: firmware.imageBytes,
  flashBytes: firmware.flash.length,
  memory: firmware.memoryMap,
});

/** Tokens with what they print, as they come. */
function createReader(firmware: Firmware, prompt: string) {
  const tokenizer = createTokenizer(firmware.pieces);
  const given = tokenizer.encode(prompt, { bos: false }).length;
  const decoder = new TextDecoder();
  const told: ToldToken[] = [];
  let passes = 0;
  return {
    told,
    /** Those that are new. */
    read({ tokens, status }: Session): ToldToken[] {
      const fresh = tokens.slice(told.length).map((id, index): ToldToken => {
        const at = told.length + index;
        const bytes = tokenizer.decode(tokens[at - 1] ?? tokenizer.special.start, id);
        return { id, text: decoder.decode(bytes, { stream: true }), given: at < given };
      });
      if (status.passes === passes + 1 && fresh.length === 1) fresh[0].cycles = status.lastCycles;
      passes = status.passes;
      told.push(...fresh);
      return fresh;
    },
  };
}

/** Tells the page what there is to see, and lets it have its say, a frame at a time. */
function createWatch(firmware: Firmware, prompt: string, { emit }: CallContext<StoryEvent>) {
  const reader = createReader(firmware, prompt);
  const screen = createScreenWatch(firmware);
  const decoder = new TextDecoder('latin1');
  let printed = '';
  let unsent: ToldToken[] = [];
  let shown = performance.now();
  return {
    told: reader.told,
    print: (bytes: Uint8Array): void => {
      printed += decoder.decode(bytes);
    },
    look(session: Session): void {
      unsent.push(...reader.read(session));
    },
    isDue: (): boolean => performance.now() - shown >= FRAME_MS,
    show(session: Session): void {
      if (unsent.length > 0) emit({ kind: 'tokens', tokens: unsent });
      unsent = [];
      if (printed !== '') emit({ kind: 'console', text: printed });
      printed = '';
      const pixels = screen(session);
      if (pixels) emit({ kind: 'screen', pixels }, [pixels.buffer]);
      shown = performance.now();
    },
  };
}

export async function tell(
  firmware: Firmware,
  modelName: string,
  question: Question,
  results: ResultStore,
  context: CallContext<StoryEvent>,
): Promise<void> {
  const image = factsOf(firmware, modelName);
  context.emit({ kind: 'built', image });
  const { prompt, temperature, topp, penalty, seed, tokens } = question;
  const watch = createWatch(firmware, prompt, context);
  const steps = simulateSteps(firmware, {
    prompt,
    temperature,
    topp,
    penalty,
    seed,
    tokens,
    profile: true,
    cache: results,
    output: watch.print,
  });
  let session: Session | undefined;
  let stopping = false;
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    session = step.value;
    watch.look(session);
    if (!watch.isDue()) continue;
    watch.show(session);
    await breathe();
    // Before it has begun nobody at the console takes a Ctrl-C.
    if (!context.isStopped() || stopping || session.status.phase !== 'telling') continue;
    stopping = true;
    session.type(CONTROL_C);
  }
  if (!session) throw new Error('a story without a step');
  watch.look(session);
  watch.show(session);
  context.emit({ kind: 'told', told: toldOf(step.value, watch.told, image) });
  for (const _ of settlingScreen(session.chip)) {
    if (!watch.isDue()) continue;
    watch.show(session);
    await breathe();
    if (context.isStopped()) return;
  }
  watch.show(session);
}

function toldOf(
  { digest, tokensPerSecond, energy, bootSeconds, pins, status, profile, warnings }: Simulation,
  tokens: ToldToken[],
  image: ImageFacts,
): Told {
  const { passes, ending } = status;
  return {
    digest,
    tokens,
    tokensPerSecond,
    energy,
    bootSeconds,
    pins,
    passes,
    ending,
    profile,
    image,
    warnings,
  };
}

/** The screen's pixels, where they have changed. */
function createScreenWatch({ board }: Firmware): (session: Session) => Uint8Array<ArrayBuffer> | undefined {
  if (!board.screen) return () => undefined;
  let before = '';
  return ({ chip }) => {
    const pixels = chip.screen?.pixels();
    if (!pixels || pixels.length < SCREEN_WIDTH) return undefined;
    const now = pixels.join('');
    if (now === before) return undefined;
    before = now;
    return Uint8Array.from(pixels);
  };
}
