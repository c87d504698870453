/** Turns whatever was thrown into one sentence and an exit code. */
import { FailureError, messageOf, UsageError } from '../errors.ts';

/** What the operating system's codes mean to a person. */
const SYSTEM_ERRORS: Record<string, string> = {
  ENOENT: 'does not exist; check the path',
  EACCES: 'may not be used; check its permissions',
  EPERM: 'may not be changed; check its permissions',
  EISDIR: 'is a folder where a file is wanted',
  ENOTDIR: 'lies below something that is not a folder',
  ENOSPC: 'could not be written: the disk is full',
  EROFS: 'could not be written: the disk is read-only',
  EEXIST: 'exists already',
  EMFILE: 'could not be opened: too many files are open',
};

/** One sentence for stderr and the exit code: 2 for misuse, 1 for anything else. Set ESP32_LLM_DEBUG for the stack. */
export function describeError(error: unknown): { message: string; exitCode: number } {
  if (process.env.ESP32_LLM_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof UsageError || error instanceof FailureError)
    return { message: error.message, exitCode: error.exitCode };
  const { code, path } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : SYSTEM_ERRORS[code];
  if (known && path) return { message: `${path} ${known}`, exitCode: code === 'ENOENT' ? 2 : 1 };
  const text = messageOf(error);
  return {
    message: `internal error: ${text.split('\n')[0]} (set ESP32_LLM_DEBUG=1 for the stack, and please report it)`,
    exitCode: 1,
  };
}
