/** A progress bar on stderr: on a terminal it is redrawn, elsewhere only its end is printed. */
import { kilobytes } from './table.ts';

const BAR_CELLS = 24;
const REDRAW_MS = 80;

/** So early the first bytes have only begun their way, and their speed says nothing. */
const TELLING_SECONDS = 1;

const timeLeft = (passed: number, left: number): string =>
  passed < TELLING_SECONDS
    ? ''
    : `${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left`;

/** Returns the function that takes the state of the work, in bytes. */
export function createProgressBar(title: string): (done: number, total: number) => void {
  let started: number | undefined;
  const { isTTY } = process.stderr;
  let drawn = 0;
  return (done, total) => {
    const now = performance.now();
    started ??= now; // with the first byte, not with the wait for the board
    const finished = done >= total;
    if (!finished && (!isTTY || now - drawn < REDRAW_MS)) return;
    drawn = now;
    const seconds = (now - started) / 1000;
    const speed = done / Math.max(seconds, 0.001);
    const left = finished
      ? `${seconds.toFixed(1)} s`
      : timeLeft(seconds, (total - done) / Math.max(speed, 1));
    const cells = Math.round((BAR_CELLS * done) / total);
    const bar = isTTY ? `${'#'.repeat(cells)}${'.'.repeat(BAR_CELLS - cells)} ` : '';
    const text = `${title} ${bar}${Math.floor((100 * done) / total)} % of ${kilobytes(total)}, ${kilobytes(speed)}/s${left && `, ${left}`}`;
    process.stderr.write(isTTY ? `\r${text}\x1b[K${finished ? '\n' : ''}` : `${text}\n`);
  };
}
