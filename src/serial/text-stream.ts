/** The text of an answer as its tokens come. */

/** A text on its way out: bytes become characters, and what might begin a stop is held back. */
export interface TextStream {
  /** @returns true once a stop was found */
  push(bytes: Uint8Array): boolean;
  /** Gives out what was held back. */
  end(): void;
}

export function createTextStream(stops: readonly string[], emit: (text: string) => void): TextStream {
  const decoder = new TextDecoder();
  let held = '';
  let stopped = false;
  const release = (last: boolean): void => {
    const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      stopped = true;
      held = held.slice(0, Math.min(...found));
      last = true;
    }
    const keep = last ? 0 : longestBeginning(held, stops);
    const out = held.slice(0, held.length - keep);
    held = held.slice(held.length - keep);
    if (out !== '') emit(out);
  };
  return {
    push(bytes) {
      if (stopped) return true;
      held += decoder.decode(bytes, { stream: true });
      release(false);
      return stopped;
    },
    end() {
      if (stopped) return;
      held += decoder.decode();
      release(true);
    },
  };
}

/** Length of the longest end of `text` that begins one of `stops`. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (stop.startsWith(text.slice(-length))) longest = length;
    }
  }
  return longest;
}

/** The text without the white space that it begins with. */
export function trimmedStart(onText: (text: string) => void): (text: string) => void {
  let begun = false;
  return (text) => {
    const rest = begun ? text : text.trimStart();
    begun ||= rest !== '';
    if (rest !== '') onText(rest);
  };
}
