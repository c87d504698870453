/** What usually helps, by what went wrong and on which system. */
import type { Trouble } from '../state/trouble.ts';
import type { en } from '../texts/en.ts';
import { texts } from '../texts/index.ts';

const SYSTEMS = [
  ['windows', /Win/],
  ['mac', /Mac|iPhone|iPad/],
  ['android', /Android/],
] as const;

/** The likeliest first. */
const HINTS: Readonly<Record<Trouble, readonly (keyof typeof en.help.hints | 'system')[]>> = {
  unlisted: ['cable', 'system'],
  refused: ['site'],
  busy: ['busy', 'system'],
  lost: ['cable'],
  silent: ['port', 'boot', 'cable'],
  foreign: ['port', 'boot'],
  stuck: ['reset', 'wire'],
};

export function Help({ trouble }: { trouble: Trouble }) {
  const { headings, hints, systems } = texts.value.help;
  const { userAgent } = navigator;
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'linux';
  const heading = trouble === 'unlisted' ? headings.unlisted : headings.usual;
  const shown = HINTS[trouble].flatMap((name) => (name === 'system' ? systems[system] : [hints[name]]));
  return (
    <section class="soft small help" aria-label={heading} data-trouble={trouble}>
      <p>{heading}</p>
      <ul>
        {shown.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </section>
  );
}
