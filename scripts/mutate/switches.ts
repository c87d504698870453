/**
 * Many mutants of a file in one text: around each change stands a choice between what was and what it becomes, which
 * `__mutant(id)` makes at run time. So modules are loaded once, and what was compiled stays, for a whole sample.
 */
import type { Change } from './mutants.ts';

export interface Switched {
  readonly id: number;
  readonly change: Change;
}

type Around = NonNullable<Change['around']>;
const aroundOf = ({ change }: Switched): Around => change.around!;
const isIn = (inner: Around, outer: Around) => inner.start >= outer.start && inner.end <= outer.end;
const isSame = (one: Around, other: Around) =>
  one.form === other.form && one.start === other.start && one.end === other.end;

/** @param switched all have a place for their choice; places lie apart or in one another, as nodes of a syntax tree do */
export function withSwitches(text: string, switched: readonly Switched[]): string {
  return render(text, 0, text.length, switched);
}

function render(text: string, start: number, end: number, switched: readonly Switched[]): string {
  const outermost = switched
    .map(aroundOf)
    .filter((place) => !switched.map(aroundOf).some((other) => !isSame(place, other) && isIn(place, other)))
    .filter((place, i, all) => all.findIndex((other) => isSame(place, other)) === i)
    .sort((one, other) => one.start - other.start);
  let out = '';
  let at = start;
  for (const place of outermost) {
    const here = switched.filter((one) => isSame(aroundOf(one), place));
    const within = switched.filter((one) => !here.includes(one) && isIn(aroundOf(one), place));
    out +=
      text.slice(at, place.start) + choice(text, place, here, render(text, place.start, place.end, within));
    at = place.end;
  }
  return out + text.slice(at, end);
}

function choice(text: string, { form, start, end }: Around, here: readonly Switched[], was: string): string {
  const any = here.map(({ id }) => `__mutant(${id})`);
  if (form === 'statement') return `{ if (!(${any.join(' || ')})) { ${was} } }`;
  const quoted = (part: string) => (form === 'text' ? `'${part}'` : `(${part})`);
  const became = ({ change }: Switched) =>
    quoted(text.slice(start, change.start) + change.replacement + text.slice(change.end, end));
  const chain = here.map((one, i) => `${any[i]} ? ${became(one)} : `).join('');
  return form === 'text' ? `\${${chain}${quoted(was)}}` : `(${chain}(${was}))`;
}
