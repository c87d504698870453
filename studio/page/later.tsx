/** What would make one long task is drawn in several. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';

/** What does not have to be there at once comes in a task of its own. */
export function Later({ children }: { children: ComponentChildren }) {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true));
    return () => clearTimeout(timer);
  }, []);
  return <>{isDue && children}</>;
}

/** Items that are drawn in one task. */
const PIECE = 100;

/** A list in pieces, of which there are more with every task: those before stay as they are. */
export function usePieces<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const pieces = useMemo(
    () =>
      Array.from({ length: Math.ceil(items.length / PIECE) }, (_, index) =>
        items.slice(PIECE * index, PIECE * (index + 1)),
      ),
    [items],
  );
  const [drawn, setDrawn] = useState({ pieces, count: 1 });
  const count = drawn.pieces === pieces ? drawn.count : 1;
  useEffect(() => {
    if (count >= pieces.length) return;
    const timer = setTimeout(() => setDrawn({ pieces, count: count + 1 }));
    return () => clearTimeout(timer);
  }, [pieces, count]);
  return pieces.slice(0, count);
}
