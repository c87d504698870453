/** A simulated board with our firmware on it, and somebody at its serial console. */
import { type Cache, type CacheKey, noCache } from '../cache.ts';
import { type Chip, type ChipOptions, createChip } from '../chip/soc/index.ts';
import { FailureError } from '../errors.ts';
import type { Firmware } from './build.ts';
import { readStatus, type Status, type StatusWord, statusOffsets, tokenCount } from './status.ts';
import { STATUS_BYTES } from './system.ts';

/** What a pin carries from outside. */
export interface PinInput {
  gpio: number;
  millivolts: number;
}

export interface SessionOptions extends Pick<ChipOptions, 'usbHost' | 'quantum' | 'rom' | 'psramWindow'> {
  /** What pins carry from outside, from power-on. */
  inputs?: readonly PinInput[];
  /** Receives what leaves UART0, as it does. */
  output?: (bytes: Uint8Array) => void;
  /** Lets so many cycles pass, where more than the chip is to run. Default: the chip alone. */
  advance?: (chip: Chip, cycles: number) => void;
  /** Called every 83 microseconds of simulated time or so: somebody looks at the board. */
  onLook?: (chip: Chip) => void;
  /** Keeps between runs what the simulated cores have been translated to. */
  cache?: Cache;
}

export interface Session {
  readonly chip: Chip;
  /** Everything printed so far, Latin-1. */
  readonly printed: string;
  readonly status: Status;
  /** One word of it, for who looks after every instruction. */
  statusWord(name: StatusWord): number;
  /** Token ids of the last story. */
  readonly tokens: number[];
  /** Runs until the console waits for a line. */
  boot(): void;
  /** Types a line and Enter; returns once the console waits for the next one. */
  command(line: string): void;
  /**
   * Types a prompt and Enter; returns when the story is over and printed. `limit`: simulated seconds that it may take.
   * `during` is called now and then while it is being told, for the last time when it is over.
   */
  tell(prompt: string, limit: number, during?: (isOver: boolean) => void): Status;
  /** Puts what this run has translated into the cache, for the next one of this image. */
  keep(): void;
  /** Puts bytes on the wire, nothing else. */
  type(bytes: Uint8Array | string): void;
  /** Lets simulated time pass: until `done`, looked at every 20,000 cycles. @throws FailureError at the limit */
  runUntil(done: () => boolean, limit: number, what: string): void;
  /** {@link boot}, {@link command} and {@link tell} for who has other things to do meanwhile: a step runs 20,000 cycles. */
  readonly steps: SessionSteps;
}

export interface SessionSteps {
  boot(): Generator<void, void>;
  command(line: string): Generator<void, void>;
  tell(prompt: string, limit: number, during?: (isOver: boolean) => void): Generator<void, Status>;
}

/** Takes all steps at once. */
export function finish<Result>(steps: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Cycles between looks at the device's state: 83 microseconds at 240 MHz. */
const SLICE = 20_000;
/** Simulated seconds that boot and commands get: hundreds of times what they need. */
const PATIENCE = 10;
const PROMPT = '> ';

/** What the device said to a line: without its echo and the next prompt sign. */
const answerTo = (text: string): string =>
  text.slice(text.indexOf('\r\n'), -PROMPT.length).trim().replace(/\s+/g, ' ');

/** Hands a chip what was translated of its image before; `keep` puts that, and what came since, into the cache. */
export function offerTranslations(chip: Chip, { board, flash }: Firmware, cache = noCache): { keep(): void } {
  const key: CacheKey = ['translations', board.id, flash];
  const earlier = cache.get(key);
  if (earlier) chip.cores[0].offerTranslations(earlier);
  return {
    keep() {
      const translations = cache !== noCache && chip.cores[0].keepTranslations();
      if (translations) cache.put(key, translations);
    },
  };
}

/** Powers the board up; nothing has run yet. */
export function createSession(firmware: Firmware, options: SessionOptions = {}): Session {
  const chip = createChip({ flash: firmware.flash, board: firmware.board, ...options });
  for (const { gpio, millivolts } of options.inputs ?? []) chip.peripherals.gpio.drive(gpio, millivolts);
  const advance = options.advance ?? ((_: Chip, maxCycles: number) => chip.run({ maxCycles }));
  const translations = offerTranslations(chip, firmware, options.cache);
  let printed = '';
  chip.uart0.onOutput((byte) => {
    printed += String.fromCharCode(byte);
    options.output?.(Uint8Array.of(byte));
  });
  const words = (name: string, bytes: number): Uint8Array =>
    chip.peek(firmware.symbols.get(`item.${name}`)!, bytes)!;
  const statusAt = firmware.symbols.get('item.status')!;

  function* until(done: () => boolean, limit: number, what: string): Generator<void, void> {
    const end = chip.seconds + limit;
    while (!done()) {
      advance(chip, SLICE);
      options.onLook?.(chip);
      if (session.status.phase === 'panic' && printed.includes('PANIC:')) {
        chip.run({ maxCycles: 1000 * SLICE }); // let it finish its report
        throw new FailureError(
          `the firmware stopped with an exception:\n${printed.slice(printed.indexOf('PANIC:'))}`,
        );
      }
      if (chip.seconds > end) {
        throw new FailureError(
          `${what} within ${limit} simulated seconds; it printed last: ${JSON.stringify(printed.slice(-200))}`,
        );
      }
      yield;
    }
  }
  const waits = (): boolean => printed.endsWith(`\r\n${PROMPT}`);

  const steps: SessionSteps = {
    boot: () => until(waits, PATIENCE, 'the device did not come up'),
    *command(line) {
      const before = printed.length + line.length;
      session.type(`${line}\r`);
      yield* until(() => printed.length > before && waits(), PATIENCE, `the device did not answer ${line}`);
    },
    *tell(prompt, limit, during) {
      const { stories } = session.status;
      session.type(`${prompt}\r`);
      const typing = PATIENCE + prompt.length / 1000;
      const before = printed.length;
      const begun = (): boolean => session.status.phase !== 'ready' || session.status.stories !== stories;
      yield* until(() => begun() || (printed.length > before && waits()), typing, 'the story did not begin');
      if (!begun()) throw new FailureError(`the device tells no story: ${answerTo(printed.slice(before))}`);
      yield* until(
        () => {
          const isOver = session.status.stories !== stories;
          during?.(isOver);
          return isOver;
        },
        limit,
        'the story did not end',
      );
      yield* until(waits, PATIENCE, 'the device did not finish its line');
      return session.status;
    },
  };

  const session: Session = {
    chip,
    steps,
    get printed() {
      return printed;
    },
    get status() {
      return readStatus(words('status', STATUS_BYTES));
    },
    statusWord: (name) => new Uint32Array(chip.peek(statusAt + statusOffsets[name], 4)!.buffer)[0],
    get tokens() {
      const bytes = words('storyTokens', 4 * firmware.context);
      const ids = new Int32Array(bytes.buffer, bytes.byteOffset, firmware.context);
      return [...ids.subarray(0, tokenCount(session.status))];
    },
    boot: () => finish(steps.boot()),
    command: (line) => finish(steps.command(line)),
    tell: (prompt, limit, during) => finish(steps.tell(prompt, limit, during)),
    keep: translations.keep,
    type: (bytes) => chip.uart0.receive(bytes),
    runUntil: (done, limit, what) => finish(until(done, limit, what)),
  };
  return session;
}
