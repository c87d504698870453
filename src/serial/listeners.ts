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
