/** Why a model does not fit, as a table: what it needs, what the board has, what would make it fit. */
import { type Board, boards } from '../chip/boards/index.ts';
import { FailureError } from '../errors.ts';
import { kilobytes, type MemoryItem, type Purpose, SRAM } from './memory.ts';
import { itemsOf, type PlanRequest } from './plan-items.ts';
import { longestContext } from './plan-search.ts';

const PURPOSES: readonly (readonly [purpose: Purpose, label: string])[] = [
  ['weights', 'weights'],
  ['kv cache', 'KV cache'],
  ['activations', 'activations'],
  ['tables', 'vocabulary'],
  ['system', 'console, stacks'],
  ['code', 'code beyond SRAM0'],
];

export function refusal(request: PlanRequest, context: number): FailureError {
  const { board, model } = request;
  const items = itemsOf(request, context);
  const rows: string[][] = [
    ['', 'bytes', 'may lie in'],
    ...PURPOSES.flatMap(([purpose, label]) => rowOf(items, purpose, label, board)),
    ['', '', ''],
    [`${board.id} has`, '', ''],
    ['  SRAM', kilobytes(SRAM.end - SRAM.start), ''],
    ['  flash', kilobytes(board.flashBytes), ''],
    ['  PSRAM', board.psramBytes > 0 ? kilobytes(board.psramBytes) : 'none', ''],
  ];
  const remedies = remediesFor(request, context);
  return new FailureError(
    [
      `the model in ${model.label} with a context of ${context} does not fit the board ${board.id} (${board.name}):`,
      '',
      ...rows.map(([name, bytes, place]) => `  ${name.padEnd(20)}${bytes.padStart(10)}   ${place}`.trimEnd()),
      '',
      remedies.length > 0
        ? 'It would fit with:'
        : 'Nothing on offer here would make it fit; a smaller model would.',
      ...remedies.map((remedy) => `  ${remedy}`),
    ].join('\n'),
  );
}

function rowOf(items: readonly MemoryItem[], purpose: Purpose, label: string, board: Board): string[][] {
  const mine = items.filter((item) => item.purpose === purpose);
  const bytes = mine.reduce((sum, item) => sum + item.bytes, 0);
  if (bytes === 0) return [];
  const loaded = mine.some(({ lifetime }) => lifetime === 'loaded');
  const elsewhere = loaded ? 'SRAM, flash' : board.psramBytes > 0 ? 'SRAM, PSRAM' : 'SRAM';
  return [[label, kilobytes(bytes), mine.some(({ memory }) => memory !== 'sram') ? elsewhere : 'SRAM']];
}

/** Changes of one option each that are known to help, tried out. */
function remediesFor(request: PlanRequest, context: number): string[] {
  const remedies: string[] = [];
  const shorter = longestContext(request);
  if (shorter > 0 && shorter < context) remedies.push(`a context of ${shorter} (--context ${shorter})`);
  if (request.asInt8) {
    const asInt8 = longestContext({ ...request, model: request.asInt8(), asInt8: undefined });
    if (asInt8 > 0)
      remedies.push(`int8 weights and a context of up to ${asInt8} (--precision int8 --context ${asInt8})`);
  }
  for (const board of boards) {
    if (board.id === request.board.id) continue;
    const there = longestContext({ ...request, board });
    if (there >= context) remedies.push(`another board: ${board.name} (--board ${board.id})`);
  }
  return remedies;
}
