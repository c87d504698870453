/** Times on the command line. */
import { InvalidArgumentError } from 'commander';

/** Seconds in `90s`, `45m`, `8h`. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh])$/.exec(text);
  const seconds = match ? Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] as 's' | 'm' | 'h'] : 0;
  if (!(seconds > 0)) throw new InvalidArgumentError('Give a time such as 90s, 45m or 8h.');
  return seconds;
}
