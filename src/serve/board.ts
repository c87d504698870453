/**
 * One board of a pool: connected, checked by a canary story, asked one story at a time, and connected again when it was lost. It
 * never gives up: a board that is plugged in again serves again.
 */
import { settingLines, settingNames, settings } from '../contract/index.ts';
import { FailureError, messageOf } from '../errors.ts';
import { isWalkable } from '../grammar/index.ts';
import {
  type Connection,
  type Device,
  isLasting,
  layTurns,
  openDevice,
  type ReadyEvent,
  RestartedError,
  type Story,
  tokensPerSecond,
} from '../serial/index.ts';
import { LostBoardError } from './errors.ts';
import type { BoundGrammar, OnToken, TellRequest } from './request.ts';
import { isWhole } from './telling.ts';

export interface BoardSource {
  /** What status and messages call it. */
  readonly name: string;
  open(): Promise<Connection>;
  /** A new image can be written over its line. */
  readonly flashable?: boolean;
}

export type BoardState = 'connecting' | 'checking' | 'idle' | 'busy' | 'lost' | 'refused' | 'away' | 'closed';

export interface BoardStatus {
  name: string;
  state: BoardState;
  /** Of the image, once it answered. */
  model?: string;
  context?: number;
  /** Bytes for a grammar that is sent, for which vocabulary; `bound`: its image has one of its own. */
  room?: number;
  vocabulary?: string;
  bound?: boolean;
  /** Its image has a template of conversations. */
  converses?: boolean;
  /** The text that ends an answer there, which is no part of it. */
  answerEnd?: string;
  /** Of the canary story. */
  digest?: string;
  /** What went wrong last, in a sentence. */
  trouble?: string;
  stories: number;
  tokens: number;
  /** Tokens a second of the last story by the board's own cycle counter. */
  speed?: number;
}

export interface PooledBoard {
  readonly status: BoardStatus;
  /** True where it can be asked for this story now. */
  isFree(request: Pick<TellRequest, 'model' | 'grammar' | 'turns'>): boolean;
  /** @throws LostBoardError when the story must be told elsewhere, UsageError or FailureError when no board would tell it */
  tell(request: TellRequest, onToken: OnToken): Promise<Story>;
  /** Ends the story that is being told. */
  stop(): Promise<void>;
  /** Tells to the end what it tells, and leaves its line to others. */
  leave(): Promise<void>;
  /** Connects again; resolves to why it does not serve, should it not. */
  comeBack(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface BoardOptions {
  /** Told whenever its state changes. */
  onChange: () => void;
  /**
   * Judges the canary's digest by the model's name: a board that tells another story than its like must not serve. Returns a sentence
   * against it.
   */
  judge: (model: string, digest: string) => string | undefined;
  /** Milliseconds without an event after which a board counts as lost. */
  silence?: number;
  /** Milliseconds before the first new attempt; doubles up to thirty times as much. */
  retry?: number;
}

/** Short, and sampled, so that a wrong bit anywhere shows. */
const CANARY: TellRequest = {
  prompt: 'Once upon a time',
  sampling: { temperature: 1, topp: 0.9 },
  seed: 1n,
  tokens: 24,
};
const RETRY_MS = 1000;
const SLOWEST_RETRY = 30;
const SILENCE_MS = 10_000;

/** What a board starts with: settings of an earlier request must not stay. */
const INITIAL = Object.fromEntries(settingNames.map((name) => [name, settings[name].initial]));

/** Asks for stories. What a board was told before, and what it keeps, is not said again. */
function createAsking() {
  /** The line of each command that the board had last, so that only changes are sent. */
  const sent = new Map<string, string>();
  /** Digest of the grammar that was sent last; undefined: the image's way; null: unknown. */
  let bound: string | undefined | null = null;

  const ask = async (to: Device, request: TellRequest, onToken: OnToken): Promise<Story> => {
    const { turns } = request;
    const laid = turns ? (await layTurns(to, turns, request.tokens || undefined)).tokens : 0;
    const positions = turns && request.tokens ? laid - 1 + request.tokens : request.tokens;
    const tokens = positions > to.ready.context ? 0 : positions;
    const wanted = [
      `/seed ${request.seed}`,
      `/tokens ${tokens}`,
      ...settingLines({ ...INITIAL, ...request.sampling }),
    ];
    for (const line of wanted) {
      const [command] = line.split(' ');
      if (sent.get(command) === line) continue;
      await to.command(line);
      sent.set(command, line);
    }
    await bind(to, request.grammar);
    return to.tell(turns ? '' : request.prompt, onToken);
  };

  const bind = async (to: Device, grammar: BoundGrammar | undefined): Promise<void> => {
    const { room = 0, pieces = 0 } = to.ready;
    if (grammar === undefined && room === 0) return; // it has no such command
    if (bound === grammar?.digest) return;
    if (grammar !== undefined && !isWalkable(grammar.packed, pieces))
      throw new FailureError("the grammar is not one for this board's vocabulary");
    bound = null;
    await to.bind(grammar);
    bound = grammar?.digest;
  };

  return {
    ask,
    /** Another board, or the same one after a restart: nothing is known of it. */
    forget() {
      sent.clear();
      bound = null;
    },
  };
}

/** The states that a board goes through. */
function createStates(status: BoardStatus, onChange: () => void) {
  const watchers = new Set<() => void>();
  return {
    enter(state: BoardState, trouble?: string): void {
      if (status.state === 'closed') return;
      status.state = state;
      status.trouble = trouble;
      for (const watcher of [...watchers]) watcher();
      onChange();
    },
    /** Waits for one of these. */
    until: (...states: BoardState[]): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!states.includes(status.state)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
  };
}

/** What a board tells of its image. */
function takeFacts(
  status: BoardStatus,
  { model, context, room, vocabulary, bound, template }: ReadyEvent,
): void {
  const answerEnd = typeof template?.end === 'string' ? template.end : undefined;
  Object.assign(status, {
    model,
    context,
    room,
    vocabulary,
    bound,
    converses: template !== undefined,
    answerEnd,
  });
}

export function createPooledBoard(source: BoardSource, options: BoardOptions): PooledBoard {
  const { onChange, judge, silence = SILENCE_MS, retry = RETRY_MS } = options;
  const status: BoardStatus = { name: source.name, state: 'connecting', stories: 0, tokens: 0 };
  let device: Device | undefined;
  let connection: Connection | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  const asking = createAsking();

  /** It is to leave as soon as it tells nothing. */
  let leaving = false;
  const { enter, until } = createStates(status, onChange);

  const drop = async (): Promise<void> => {
    const old = connection;
    connection = undefined;
    device = undefined;
    asking.forget();
    await old?.close().catch(() => {});
  };

  const lose = (why: string): void => {
    if (status.state === 'closed' || status.state === 'away') return;
    void drop();
    enter('lost', why);
    clearTimeout(timer);
    if (leaving) return;
    timer = setTimeout(connect, retry * Math.min(2 ** failures++, SLOWEST_RETRY));
    timer.unref?.();
  };

  const connect = async (): Promise<void> => {
    enter('connecting', status.trouble);
    try {
      const opened = await source.open();
      connection = opened;
      opened.onClose(() => {
        if (connection === opened && status.state !== 'busy') lose('it was unplugged');
      });
      device = await openDevice(opened, { silence });
      if (isClosed()) return await drop();
      const { ready } = device;
      takeFacts(status, ready);
      enter('checking');
      const { end } = await asking.ask(device, CANARY, () => {});
      status.digest = end.digest;
      const objection = judge(ready.model, end.digest);
      failures = 0;
      enter(objection === undefined ? 'idle' : 'refused', objection);
    } catch (error) {
      lose(messageOf(error));
    }
  };
  const isClosed = (): boolean => status.state === 'closed';

  void connect();
  return {
    status,
    isFree: (request) => status.state === 'idle' && !leaving && canTell(status, request),
    async tell(request, onToken) {
      if (!device) throw new LostBoardError(`${source.name}: is not connected`);
      enter('busy');
      try {
        const story = await asking.ask(device, request, onToken);
        if (!isWhole(story.tokens, story.end)) {
          throw new LostBoardError(`${source.name}: lines of the story were lost on the way`);
        }
        status.stories++;
        status.tokens += story.tokens.length;
        status.speed = tokensPerSecond(story.end);
        enter('idle');
        return story;
      } catch (error) {
        if (!isLoss(error)) {
          enter('idle');
          throw error;
        }
        lose(error.message);
        throw new LostBoardError(error.message);
      }
    },
    async stop() {
      await device?.stop().catch(() => {}); // a board that is gone ends the story itself
    },
    async leave() {
      leaving = true;
      await until('idle', 'refused', 'lost', 'closed');
      clearTimeout(timer);
      await device?.leave().catch(() => {});
      enter('away');
      await drop();
    },
    async comeBack() {
      leaving = false;
      failures = 0;
      void connect();
      await until('idle', 'busy', 'refused', 'lost', 'closed');
      return status.trouble;
    },
    async close() {
      enter('closed');
      clearTimeout(timer);
      await device?.leave().catch(() => {});
      await drop();
    },
  };
}

/** Whether its image is one for a request. */
const canTell = (
  status: BoardStatus,
  { model, grammar, turns }: Pick<TellRequest, 'model' | 'grammar' | 'turns'>,
): boolean =>
  (model === undefined || status.model === model) &&
  (turns === undefined || status.converses === true) &&
  (grammar === undefined || canSay(status, grammar));

/** Whether a board can be bound to a grammar that was made for its vocabulary. */
const canSay = ({ room = 0, vocabulary, bound }: BoardStatus, grammar: BoundGrammar): boolean =>
  !bound && vocabulary === grammar.vocabulary && grammar.packed.length <= room;

/** The board is gone, silent, or began anew; any other error is an answer of its own. */
const isLoss = (error: unknown): error is FailureError =>
  error instanceof LostBoardError ||
  error instanceof RestartedError ||
  (error instanceof FailureError && isLasting(error));
