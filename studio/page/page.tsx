/** A part of the page: what it is called and for, then what it holds. */
import type { ComponentChildren } from 'preact';

export function Page({
  words,
  children,
}: {
  words: { heading: string; lead: string };
  children: ComponentChildren;
}) {
  return (
    <div class="page">
      <div class="lead">
        <h1>{words.heading}</h1>
        <p>{words.lead}</p>
      </div>
      {children}
    </div>
  );
}
