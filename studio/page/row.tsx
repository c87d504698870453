/** A fact: what it is about, and what it is. */
import type { ComponentChildren } from 'preact';

export function Row({ name, help, children }: { name: string; help?: string; children: ComponentChildren }) {
  return (
    <div title={help}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
