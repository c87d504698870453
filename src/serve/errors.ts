/** Why a pool gives no story. */
import { FailureError } from '../errors.ts';

/** All places in the queue are taken. */
export class BusyError extends FailureError {
  /** Seconds after which a place may be free. */
  readonly retryAfter: number;
  constructor(retryAfter: number) {
    super('all boards are busy and the queue is full; ask again later');
    this.retryAfter = retryAfter;
  }
}

/** No board could tell the story. */
export class NoBoardError extends FailureError {}

/** The board is gone or silent: the story is told again elsewhere. */
export class LostBoardError extends FailureError {}
