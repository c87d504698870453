/** Cuts a byte stream into lines. */

/** Longest line that is kept; what comes beyond it is noise. */
const LONGEST_LINE = 16384;

/** Calls `onLine` with each line (Latin-1, one character a byte, without its end). CR, LF and CR LF end a line; empty lines are dropped. */
export function createLineSplitter(onLine: (line: string) => void): (bytes: Uint8Array) => void {
  let line = '';
  return (bytes) => {
    for (const byte of bytes) {
      if (byte === 10 || byte === 13) {
        if (line !== '') onLine(line);
        line = '';
      } else if (line.length < LONGEST_LINE) line += String.fromCharCode(byte);
    }
  };
}
