/** Where a piece of source text was written, for messages. */
import { UsageError } from '../errors.ts';

export interface SourcePlace {
  /** Name of the file; absent for text that came without one. */
  readonly file?: string;
  /** Counted from 1. */
  readonly line: number;
}

/** `kernel.S:12`, or `line 12` where there is no file's name. */
export function describePlace({ file, line }: SourcePlace): string {
  return file === undefined ? `line ${line}` : `${file}:${line}`;
}

/** A line of text and where it begins. */
export interface SourceLine {
  readonly place: SourcePlace;
  readonly text: string;
}

/** A UsageError whose sentence begins with its place. */
export class PlacedError extends UsageError {}

/** Does something; a UsageError gets the place in front, unless it has one. */
export function atPlace<Result>(place: SourcePlace, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof UsageError) || error instanceof PlacedError) throw error;
    throw new PlacedError(`${describePlace(place)}: ${error.message}`);
  }
}
