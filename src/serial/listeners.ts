/** A list of listeners; what arrives before the first one comes is kept for it. */
export interface Listeners<T> {
  add(listener: (value: T) => void): () => void;
  emit(value: T): void;
}

export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(value: T) => void>();
  const early: T[] = [];
  return {
    add(listener) {
      listeners.add(listener);
      for (const value of early.splice(0)) listener(value);
      return () => listeners.delete(listener);
    },
    emit(value) {
      if (listeners.size === 0) early.push(value);
      for (const listener of [...listeners]) listener(value);
    },
  };
}

/** Something that happens once: whoever asks later is told at once. */
export interface Signal {
  add(listener: () => void): () => void;
  emit(): void;
}

export function createSignal(): Signal {
  const listeners = new Set<() => void>();
  let happened = false;
  return {
    add(listener) {
      if (happened) listener();
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit() {
      if (happened) return;
      happened = true;
      for (const listener of [...listeners]) listener();
    },
  };
}
