/** What a test needs that a plain clone or another machine may not have: where it is skipped, its name says why. */

/** The name, and behind it what is missing, unless it is there. */
export const needing = (name: string, isThere: boolean, missing: string): string =>
  isThere ? name : `${name} (skipped: ${missing})`;
