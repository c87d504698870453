/** The memory map: a bar for every memory, in the colours of what the bytes are for. */
import type { MemoryMap } from '../../src/firmware/index.ts';
import { formatBytes, texts } from '../texts/index.ts';

const PURPOSES = ['weights', 'kv cache', 'activations', 'tables', 'code', 'system'] as const;
/** Less than this is not drawn as a part of its own. */
const SMALLEST = 0.002;

export function MemoryPicture({ memory }: { memory: MemoryMap }) {
  const words = texts.value.inside;
  const hue = (purpose: string): string => `hue-${1 + PURPOSES.indexOf(purpose as 'weights')}`;
  return (
    <section class="section" aria-labelledby="memory">
      <h2 id="memory">{words.memory}</h2>
      <ul class="legend">
        {PURPOSES.filter((purpose) => memory.byPurpose[purpose] > 0).map((purpose) => (
          <li key={purpose}>
            <span class={`swatch ${hue(purpose)}`} /> {words.purposes[purpose]}{' '}
            <span class="soft">{formatBytes(memory.byPurpose[purpose])}</span>
          </li>
        ))}
      </ul>
      {memory.regions.map((region) => (
        <div key={region.name} class="region">
          <p>
            {region.title}{' '}
            <span class="soft">{words.used(formatBytes(region.used), formatBytes(region.bytes))}</span>
          </p>
          <div
            class="region-bar"
            role="img"
            aria-label={`${region.title}: ${words.used(formatBytes(region.used), formatBytes(region.bytes))}`}
          >
            {region.entries
              .filter(({ bytes }) => bytes / region.bytes > SMALLEST)
              .map(({ name, purpose, bytes }) => (
                <span
                  key={name}
                  class={hue(purpose)}
                  style={{ width: `${(100 * bytes) / region.bytes}%` }}
                  title={`${name}: ${formatBytes(bytes)}`}
                />
              ))}
          </div>
        </div>
      ))}
    </section>
  );
}
