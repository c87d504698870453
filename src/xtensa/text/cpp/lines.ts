/** Source text to logical lines: spliced at backslashes, comments replaced by a space. */
import { describePlace, PlacedError, type SourceLine } from '../../source-place.ts';
import { endOfQuoted } from '../statements.ts';

/** A backslash, trailing blanks and a line break join two lines. */
const splice = /\\[ \t]*\n/y;

interface Scan {
  source: string;
  at: number;
  line: number;
}

function takeSplice(scan: Scan): boolean {
  splice.lastIndex = scan.at;
  const match = splice.exec(scan.source);
  if (!match) return false;
  scan.at += match[0].length;
  scan.line += 1;
  return true;
}

function skipBlockComment(scan: Scan, file: string | undefined): void {
  const end = scan.source.indexOf('*/', scan.at + 2);
  if (end < 0) {
    throw new PlacedError(
      `${describePlace({ file, line: scan.line })}: a comment starts with /* and never ends.`,
    );
  }
  for (let at = scan.at; at < end; at++) if (scan.source[at] === '\n') scan.line += 1;
  scan.at = end + 2;
}

function skipLineComment(scan: Scan): void {
  while (scan.at < scan.source.length && scan.source[scan.at] !== '\n') {
    if (!takeSplice(scan)) scan.at += 1;
  }
}

/** The line from where the scan stands, which it leaves behind. */
function logicalLine(scan: Scan, file: string | undefined): SourceLine {
  const { source } = scan;
  const place = { file, line: scan.line };
  const parts: string[] = [];
  while (scan.at < source.length && source[scan.at] !== '\n') {
    const char = source[scan.at];
    const next = source[scan.at + 1];
    if (char === '\\' && takeSplice(scan)) continue;
    if (char === '/' && next === '*') {
      skipBlockComment(scan, file);
      parts.push(' ');
    } else if (char === '/' && next === '/') skipLineComment(scan);
    else {
      const end = char === '"' || char === "'" ? endOfQuoted(source, scan.at) : scan.at + 1;
      // A quotation that runs into a line break or a splice is none.
      const piece = source.slice(scan.at, end);
      const taken = piece.includes('\n') ? char : piece;
      parts.push(taken);
      scan.at += taken.length;
    }
  }
  scan.at += 1;
  scan.line += 1;
  return { place, text: parts.join('') };
}

export function logicalLines(source: string, file?: string): SourceLine[] {
  const scan: Scan = { source: source.replaceAll('\r\n', '\n'), at: 0, line: 1 };
  const lines: SourceLine[] = [];
  while (scan.at < scan.source.length) lines.push(logicalLine(scan, file));
  return lines;
}
