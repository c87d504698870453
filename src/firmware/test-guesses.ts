/** What tests of guesses share: a small model whose story, or a large one's with its guesses, is told by the host's program. */
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostProgram } from './host.ts';
import { formatDigest } from './status.ts';
import { smallModel } from './testing.ts';

export const CONTEXT = 96;
export const { quantized, int4, tokenizer } = smallModel();

export interface Told {
  digest: string;
  tokens: number[];
  prompt: number;
  drafted: number;
  accepted: number;
}

/** The story of a prompt, told after lines of settings. */
export function tell(
  model: typeof quantized,
  drafts: number,
  settings: string,
  prompt: string,
  {
    tokens = CONTEXT,
    ...more
  }: {
    tokens?: number;
    drafter?: typeof quantized;
    history?: boolean;
    lanes?: number;
    grammar?: Uint8Array;
  } = {},
): Told {
  const host = createHostProgram({
    programs,
    model,
    tokenizer,
    context: CONTEXT,
    lanes: 12,
    drafts,
    ...more,
  });
  host.type(`${settings}\r/tokens ${tokens}\r${prompt}\r`);
  host.settle();
  const { digest, drafted, accepted } = host.status;
  const known = { digest: formatDigest(digest), tokens: [...host.tokens], prompt: host.prompt.length };
  return { ...known, drafted, accepted };
}
