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
    const first = Math.min(...stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0));
    let keep = last ? 0 : longestBeginning(held, stops);
    // Another that begins before it may be on its way: which one it is must not hang on how the bytes come.
    if (first <= held.length - keep) {
      stopped = true;
      held = held.slice(0, first);
      keep = 0;
    }
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
