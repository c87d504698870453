/** What usually helps on this system. */
import { texts } from '../texts/index.ts';

const SYSTEMS = [
  ['windows', /Win/],
  ['mac', /Mac|iPhone|iPad/],
  ['android', /Android/],
] as const;

export function Help() {
  const words = texts.value.help;
  const { userAgent } = navigator;
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'linux';
  return (
    <section class="soft small help" aria-label={words.heading}>
      <p>{words.heading}</p>
      <ul>
        {[...words.systems[system], ...words.always].map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </section>
  );
}
