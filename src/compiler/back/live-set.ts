/** A set of registers that is walked often: members stand side by side in `list`, up to `count`. */
export interface LiveSet {
  readonly list: Int32Array;
  /** Place of each register in the list, plus 1; 0 for those that are not in it. */
  readonly place: Int32Array;
  count: number;
}

export function createLiveSet(size: number): LiveSet {
  return { list: new Int32Array(size), place: new Int32Array(size), count: 0 };
}

export function addLive(set: LiveSet, reg: number): void {
  if (set.place[reg] !== 0) return;
  set.list[set.count++] = reg;
  set.place[reg] = set.count;
}

export function removeLive(set: LiveSet, reg: number): void {
  const at = set.place[reg];
  if (at === 0) return;
  const last = set.list[--set.count];
  set.list[at - 1] = last;
  set.place[last] = at;
  set.place[reg] = 0;
}

export function clearLive(set: LiveSet): void {
  for (let i = 0; i < set.count; i++) set.place[set.list[i]] = 0;
  set.count = 0;
}
