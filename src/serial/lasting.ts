/** Errors after which a device will not answer the next question either. */
import { FailureError } from '../errors.ts';
import { LostError } from './connection.ts';

/** The device has not said a word for long. */
export class SilentError extends FailureError {}

/** The device says that waiting is in vain. */
export class HopelessError extends FailureError {}

export const isLasting = (error: FailureError): boolean =>
  error instanceof LostError || error instanceof SilentError || error instanceof HopelessError;
