/** Resolves when somebody ends the command: Ctrl-C, or a request of the system. */
export const untilEnded = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
