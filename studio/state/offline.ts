/** Keeps the page for when there is no network, once the first story is told: nothing else is to wait for that. */
import { effect } from '@preact/signals';
import { phase } from './story.ts';

export function keepOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  const end = effect(() => {
    if (phase.value !== 'over') return;
    // Where it may not (private windows, file addresses), the page is what it was.
    void navigator.serviceWorker.register('./sw.js').catch(() => {});
    queueMicrotask(() => end());
  });
}
