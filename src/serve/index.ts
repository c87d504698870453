/** An HTTP endpoint over any mix of boards, in the shapes that programs already speak. */
export {
  type BoardOptions,
  type BoardSource,
  type BoardState,
  type BoardStatus,
  createPooledBoard,
  type PooledBoard,
} from './board.ts';
export { type Canaries, createCanaries } from './canaries.ts';
export { BusyError, LostBoardError, NoBoardError } from './errors.ts';
export { createPace, modelsOf, type Pace } from './estimates.ts';
export { hostConnection } from './host-board.ts';
export { createPool, type LocalPool, type Pool, type PoolOptions, type PoolStatus } from './pool.ts';
export type { OnToken, TellRequest } from './request.ts';
export { createServer, type ServerOptions } from './server.ts';
export { createTelling, isWhole, type Telling } from './telling.ts';
export { createVotingPool, type VoteOptions } from './vote.ts';
export { createWyomingServer, type WyomingOptions } from './wyoming.ts';
