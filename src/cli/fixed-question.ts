/** What boards are asked whose story is compared: sampled, so that a wrong bit anywhere changes the digest. Every setting is made: the board may have others. */
export const FIXED_QUESTION = {
  prompt: 'Once upon a time',
  temperature: 1,
  topp: 0.9,
  topk: 0,
  minp: 0,
  penalty: 1,
} as const;
