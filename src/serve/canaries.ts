/** Digests of the canary story by model: a board that tells another than its like must not serve. */
export interface Canaries {
  readonly digests: ReadonlyMap<string, string>;
  /** Takes a digest over from elsewhere. */
  learn(model: string, digest: string): void;
  /** The first board of a model is believed. @returns a sentence against a board that differs */
  judge(model: string, digest: string): string | undefined;
}

/** @param onFirst told of each digest that is believed because there was none */
export function createCanaries(onFirst: (model: string, digest: string) => void = () => {}): Canaries {
  const digests = new Map<string, string>();
  return {
    digests,
    learn: (model, digest) => void digests.set(model, digest),
    judge(model, digest) {
      const known = digests.get(model);
      if (known === undefined) {
        digests.set(model, digest);
        onFirst(model, digest);
      }
      return known === undefined || known === digest
        ? undefined
        : `tells another story (digest ${digest}) than the first board with the model ${model} (${known}); it must not serve`;
    },
  };
}
