/**
 * A new image for many boards, one after the other: each is written, started and asked for the story that the simulator tells of that
 * image, before the next is touched. Where the digest is another, or the board says nothing, it gets its old image back, and that is the end.
 * A board that serves meanwhile leaves for it and comes back, and must be taken there before the next one leaves.
 */

import { messageOf } from '../errors.ts';
import { type Connection, DEFAULT_BAUD } from './connection.ts';
import { openDevice } from './device.ts';
import { type BoardNeeds, flashBoard } from './flash.ts';
import { awaitProgram } from './program.ts';
import { isNativeUsb } from './restart.ts';
import { type Expectation, verifyBoard } from './verify.ts';

export interface RolloutBoard {
  readonly name: string;
  open(): Promise<Connection>;
  /** Takes it out of whatever it serves; its line is free then. */
  leave?(): Promise<void>;
  /** Puts it back; resolves to what is said against it there. */
  comeBack?(): Promise<string | undefined>;
}

export interface RolloutOptions {
  /** The new image, what it wants of a board, and what the simulator says of it. */
  next: { flash: Uint8Array; needs: BoardNeeds; expected: Expectation };
  /** The image that the boards have now, as they get it back. */
  back: Uint8Array;
  baud?: number;
  onStep?: (board: string, step: RolloutStep) => void;
}

export type RolloutStep = 'asking' | 'writing' | 'checking' | 'renewed' | 'going back' | 'is back';

export interface Rollout {
  /** They have the new image and tell its story. */
  renewed: string[];
  /** The board that went back, and why. */
  failed?: { board: string; why: string; back: boolean };
  /** Not touched. */
  left: string[];
}

/** The first board is the canary. Never rejects for what a board does. */
export async function rollOut(boards: readonly RolloutBoard[], options: RolloutOptions): Promise<Rollout> {
  const { next, back, onStep = () => {} } = options;
  const renewed: string[] = [];
  for (const [index, board] of boards.entries()) {
    const left = (from: number): string[] => boards.slice(from).map(({ name }) => name);
    const step = (what: RolloutStep): void => onStep(board.name, what);
    await board.leave?.();
    step('asking');
    // A board that does not answer now says nothing of the new image.
    const silent = await withBoard(board, answers).catch(messageOf);
    if (silent !== undefined) {
      await board.comeBack?.();
      return { renewed, failed: { board: board.name, why: silent, back: true }, left: left(index + 1) };
    }
    step('writing');
    const wrong = await insist(board, next.flash, next.needs, options.baud, async (connection) => {
      step('checking');
      return objection(connection, next.expected);
    });
    const why = wrong ?? (await board.comeBack?.());
    if (why === undefined) {
      renewed.push(board.name);
      step('renewed');
      continue;
    }
    if (wrong === undefined) await board.leave?.();
    step('going back');
    const needs = { flashBytes: back.length, psramBytes: 0 };
    const trouble = await insist(board, back, needs, options.baud, answers);
    if (trouble === undefined) step('is back');
    await board.comeBack?.();
    const failed = {
      board: board.name,
      why: trouble === undefined ? why : `${why}; and its old image did not come back: ${trouble}`,
      back: trouble === undefined,
    };
    return { renewed, failed, left: left(index + 1) };
  }
  return { renewed, left: [] };
}

/** Opens the board's line for a while. */
async function withBoard<Result>(
  board: RolloutBoard,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await board.open();
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** {@link write}, and once more, slowly, where the transfer broke down. Resolves to what is wrong in the end. */
const insist = (
  ...[board, flash, needs, baud, check]: Parameters<typeof write>
): Promise<string | undefined> =>
  write(board, flash, needs, baud, check)
    .catch(() => write(board, flash, needs, DEFAULT_BAUD, check))
    .catch(messageOf);

/** Writes an image, waits for its program, and asks `check`: a sentence against the board, or undefined. */
const write = (
  board: RolloutBoard,
  flash: Uint8Array,
  needs: BoardNeeds,
  baud: number | undefined,
  check: (connection: Connection) => Promise<string | undefined>,
): Promise<string | undefined> =>
  withBoard(board, async (connection) => {
    let running: ReturnType<typeof awaitProgram> | undefined;
    await flashBoard(connection, [{ address: 0, data: flash }], {
      needs,
      baud,
      onRestart() {
        running = awaitProgram(connection, {
          reopen: isNativeUsb(connection) ? () => board.open() : undefined,
        });
        running.catch(() => {}); // told below
      },
    });
    const started = await running!;
    try {
      return await check(started.connection);
    } finally {
      if (started.connection !== connection) await started.connection.close();
    }
  });

async function answers(connection: Connection): Promise<undefined> {
  const device = await openDevice(connection);
  await device.leave();
}

async function objection(connection: Connection, expected: Expectation): Promise<string | undefined> {
  const device = await openDevice(connection);
  const { ok, digest, map } = await verifyBoard(device, expected);
  await device.leave();
  if (ok) return undefined;
  return map.expected === map.actual
    ? `${connection.name}: tells another story (digest ${digest.actual}) than the simulator (${digest.expected})`
    : `${connection.name}: runs another image (memory map ${map.actual}) than the new one (${map.expected})`;
}
