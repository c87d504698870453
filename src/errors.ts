/** A mistake of the user's: one clear sentence (what, where, what to do) on stderr; exit code 2. */
export class UsageError extends Error {
  readonly exitCode: number = 2;
}

/** Something failed that was asked for correctly (bad file, no space, lost port): one sentence; exit code 1. */
export class FailureError extends Error {
  readonly exitCode: number = 1;
}

/** What was thrown, in words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
