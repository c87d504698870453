/** A page for people: which boards are there, and what they do. */
import type { PoolStatus } from './pool.ts';

const COLUMNS = ['board', 'state', 'model', 'context', 'stories', 'tokens', 'tokens/s', 'trouble'];

export function statusPage({ boards, waiting, queueLimit }: PoolStatus): string {
  const rows = boards.map((board) =>
    [
      board.name,
      board.state,
      board.model ?? '',
      board.context ?? '',
      board.stories,
      board.tokens,
      board.speed?.toFixed(1) ?? '',
      board.trouble ?? '',
    ]
      .map((value) => `<td>${escapeHtml(String(value))}</td>`)
      .join(''),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5">
<title>esp32-llm</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8886 }
</style>
<h1>esp32-llm</h1>
<p>${boards.length} ${boards.length === 1 ? 'board' : 'boards'}; ${waiting} of ${queueLimit} places in the queue are taken.</p>
<table>
<thead><tr>${COLUMNS.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row}</tr>`).join('\n')}</tbody>
</table>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
