/** Literal pools: l32r reads a word that lies before it, at most 256 KiB away. */
import type { Expression } from './expression.ts';
import { append, type Item, type LabelItem, type PoolItem, type SectionItems } from './items.ts';
import type { SourcePlace } from './source-place.ts';

/** l32r reaches back 262,144 bytes; the rest is for padding and branches that grow. */
const comfortableReach = 200_000;

function createPool(): PoolItem {
  return { kind: 'pool', literals: [], shared: new Map(), offset: 0, size: 0 };
}

/** Starts a new pool here; nothing may fall into it. */
export function placePool(section: SectionItems): PoolItem {
  const pool = createPool();
  section.items.push(pool);
  section.pool = pool;
  section.poolStart = section.approximateSize;
  return pool;
}

/** Starts a new pool before the labels that stand at the end: GNU as does so at every `entry`. */
export function placePoolBeforeLabels(section: SectionItems): void {
  const { items } = section;
  let index = items.length;
  while (index > 0 && ['label', 'fit', 'comment'].includes(items[index - 1].kind)) index -= 1;
  // Padding behind a jump stays with the jump.
  while (index < items.length && isPadding(items[index])) index += 1;
  section.pool = createPool();
  items.splice(index, 0, section.pool);
  section.poolStart = section.approximateSize;
}

const isPadding = (item: Item): boolean => item.kind === 'fit' && item.purpose !== 'label';

/** The pool for an l32r at the end of the section: the last one placed, else one at the start of the section. */
function poolInReach(section: SectionItems): PoolItem {
  if (!section.pool) {
    section.pool = createPool();
    section.items.unshift(section.pool);
    if (section.barrier) section.barrier.index += 1;
  }
  const { barrier } = section;
  if (
    section.approximateSize - section.poolStart > comfortableReach &&
    barrier &&
    barrier.size > section.poolStart
  ) {
    section.pool = createPool();
    section.items.splice(barrier.index, 0, section.pool);
    section.poolStart = barrier.size;
    section.barrier = undefined;
  }
  return section.pool;
}

/** Remembers that control never falls through the end of the section as it stands. */
export function markBarrier(section: SectionItems): void {
  section.barrier = { index: section.items.length, size: section.approximateSize };
}

/** The label of a word holding `expression`, `shared` with equal ones of the same pool; `name` makes a new one. */
export function literalFor(
  section: SectionItems,
  expression: Expression,
  shared: boolean,
  name: () => string,
): LabelItem {
  const pool = poolInReach(section);
  const normal = typeof expression === 'number' ? expression >>> 0 : expression;
  const key = JSON.stringify(normal);
  const known = shared ? pool.shared.get(key) : undefined;
  if (known) return known;
  const label: LabelItem = { kind: 'label', name: name(), section, offset: 0, size: 0 };
  pool.literals.push({ expression: normal, labels: [label] });
  pool.shared.set(key, label);
  return label;
}

/** `.literal name, values`: words in the pool, the first of them labelled. */
export function namedLiterals(section: SectionItems, name: string, values: readonly Expression[]): LabelItem {
  const pool = poolInReach(section);
  const label: LabelItem = { kind: 'label', name, section, offset: 0, size: 0 };
  values.forEach((expression, index) => {
    pool.literals.push({ expression, labels: index === 0 ? [label] : [] });
  });
  return label;
}

export function appendLabel(section: SectionItems, name: string, place?: SourcePlace): LabelItem {
  return append<LabelItem>(section, { kind: 'label', name, section, place });
}
