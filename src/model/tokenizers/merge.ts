/** Byte-pair merging: the neighbouring pair with the best score, the leftmost of equals, until no pair is a piece. */

interface Candidate {
  score: number;
  left: number;
  right: number;
  leftToken: number;
  rightToken: number;
  merged: number;
}

/** A heap of candidates over a linked list, so that a long text costs n log n and not the n squared of run.c. */
export function mergePairs(
  tokens: number[],
  mergedOf: (left: number, right: number) => number | undefined,
  scores: Float32Array,
  onMerge?: (made: number) => void,
): number[] {
  const next = tokens.map((_, index) => (index + 1 < tokens.length ? index + 1 : -1));
  const previous = tokens.map((_, index) => index - 1);
  const heap: Candidate[] = [];
  const offer = (left: number, right: number): void => {
    if (left < 0 || right < 0) return;
    const merged = mergedOf(tokens[left], tokens[right]);
    if (merged === undefined) return;
    push(heap, {
      score: scores[merged],
      left,
      right,
      leftToken: tokens[left],
      rightToken: tokens[right],
      merged,
    });
  };
  for (let index = 0; index + 1 < tokens.length; index++) offer(index, index + 1);

  const gone = -1;
  for (let best = pop(heap); best; best = pop(heap)) {
    const { left, right } = best;
    const stale =
      tokens[left] !== best.leftToken || tokens[right] !== best.rightToken || next[left] !== right;
    if (stale) continue;
    tokens[left] = best.merged;
    onMerge?.(best.merged);
    tokens[right] = gone;
    next[left] = next[right];
    if (next[left] >= 0) previous[next[left]] = left;
    offer(previous[left], left);
    offer(left, next[left]);
  }
  return tokens.filter((token) => token !== gone);
}

function before(a: Candidate, b: Candidate): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}

function push(heap: Candidate[], item: Candidate): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(item, heap[parent])) break;
    heap[index] = heap[parent];
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Candidate[]): Candidate | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) break;
    const child = left + 1 < heap.length && before(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!before(heap[child], last)) break;
    heap[index] = heap[child];
    index = child;
  }
  heap[index] = last;
  return top;
}
