/** What cycles beyond an instruction's first go to, in words. */
import type { Extra } from '../../src/chip/index.ts';
import { formatNumber, texts } from '../texts/index.ts';

/** `6 waits for a4`. */
export function extraText({ reason, register = '', cycles }: Extra): string {
  return `${formatNumber(cycles)} ${texts.value.assembler.reasons[reason](register)}`;
}
