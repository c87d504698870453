/** An HTTP endpoint over any mix of boards, in the shapes that programs already speak. */
export type { BoardSource, BoardStatus } from './board.ts';
export { hostConnection } from './host-board.ts';
export { createPool, type Pool, type PoolOptions, type PoolStatus } from './pool.ts';
export { createServer, type ServerOptions } from './server.ts';
