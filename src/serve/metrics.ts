/** What Prometheus reads at /metrics. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BoardState } from './board.ts';
import type { Pool } from './pool.ts';

const STATES: readonly BoardState[] = ['connecting', 'checking', 'idle', 'busy', 'lost', 'refused', 'away'];
const SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60];

export interface Metrics {
  type: string;
  text(): Promise<string>;
  answered(route: string, status: number, seconds: number): void;
}

export function createMetrics(pool: Pool): Metrics {
  const registers = [new Registry()];
  const labels = ['route', 'status'] as const;
  const requests = new Counter({
    name: 'esp32_llm_requests_total',
    help: 'Requests answered.',
    labelNames: labels,
    registers,
  });
  const durations = new Histogram({
    name: 'esp32_llm_request_seconds',
    help: 'Time to the end of the answer.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'esp32_llm_boards',
    help: 'Boards by state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of STATES)
        this.set({ state }, pool.status.boards.filter((board) => board.state === state).length);
    },
  });
  new Gauge({
    name: 'esp32_llm_waiting',
    help: 'Requests that wait for a board.',
    registers,
    collect() {
      this.set(pool.status.waiting);
    },
  });
  const perBoard = (
    name: string,
    help: string,
    value: (board: Pool['status']['boards'][number]) => number,
  ): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['board'],
      registers,
      collect() {
        for (const board of pool.status.boards) this.set({ board: board.name }, value(board));
      },
    });
  perBoard('esp32_llm_board_stories', 'Stories told by a board.', ({ stories }) => stories);
  perBoard('esp32_llm_board_tokens', 'Tokens told by a board.', ({ tokens }) => tokens);
  perBoard(
    'esp32_llm_board_tokens_per_second',
    "Speed of a board's last story by its own cycle counter.",
    ({ speed = 0 }) => speed,
  );
  return {
    type: registers[0].contentType,
    text: () => registers[0].metrics(),
    answered(route, status, seconds) {
      requests.inc({ route, status });
      durations.observe({ route }, seconds);
    },
  };
}
