import type { CurvePoint } from './checkpoint.ts';

const WIDTH = 720;
const HEIGHT = 400;
const MARGIN = { left: 56, right: 16, top: 32, bottom: 44 };

/** The loss curve as an SVG: bits per byte over tokens seen, training (line) and validation (dots). */
export function curveSvg(points: readonly CurvePoint[], title: string): string {
  const shown = points.filter(({ bitsPerByte }) => Number.isFinite(bitsPerByte));
  const values = shown.flatMap(({ bitsPerByte, validation }) => [bitsPerByte, validation ?? bitsPerByte]);
  const low = Math.floor(Math.min(...values, 1) * 10) / 10;
  const high = Math.min(Math.max(...values, low + 0.1), low + 1.5);
  const last = Math.max(...shown.map(({ tokens }) => tokens), 1);
  const x = (tokens: number) => MARGIN.left + (tokens / last) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) =>
    MARGIN.top + (1 - (Math.min(value, high) - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const line = shown.map(({ tokens, bitsPerByte }) => `${x(tokens).toFixed(1)},${y(bitsPerByte).toFixed(1)}`);
  const dots = shown
    .filter(({ validation }) => validation !== undefined)
    .map(
      ({ tokens, validation }) =>
        `<circle cx="${x(tokens).toFixed(1)}" cy="${y(validation!).toFixed(1)}" r="3" fill="#c2410c"/>`,
    );
  const rows = ticks(low, high, 6).map(
    (value) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
      `<text x="${MARGIN.left - 8}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(2)}</text>`,
  );
  const columns = ticks(0, last, 6).map(
    (value) =>
      `<text x="${x(value)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${tokenCount(value)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>Loss: bits per byte over tokens seen</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="20" font-size="14">${escapeXml(title)}</text>`,
    ...rows,
    ...columns,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">tokens seen; line: training, dots: validation, bits per byte</text>`,
    `<polyline points="${line.join(' ')}" fill="none" stroke="#1d4ed8" stroke-width="1.5"/>`,
    ...dots,
    '</svg>\n',
  ].join('\n');
}

/** Round numbers within a range, about as many as wanted. */
function ticks(from: number, to: number, wanted: number): number[] {
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
}

function tokenCount(value: number): string {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)} M`;
  return value >= 1e3 ? `${+(value / 1e3).toPrecision(3)} k` : `${Math.round(value)}`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);
}
