/** Time of every token, and which one is chosen. */
import { chosen } from '../state/inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';

const WIDTH = 1000;
const HEIGHT = 120;
/** Room above the tallest bar. */
const HEADROOM = 1.1;

export function TimeChart({ story }: { story: Told }) {
  const words = texts.value.inside;
  const { clock } = story.image;
  const times = story.tokens.map(({ cycles }) => (cycles ?? 0) / clock);
  const most = Math.max(...times, 1e-9) * HEADROOM;
  const step = WIDTH / Math.max(1, times.length);
  const known = times.filter((time) => time > 0);
  const range = words.timeRange(formatNumber(Math.min(...known)), formatNumber(Math.max(...known)));
  return (
    <section class="section" aria-labelledby="time">
      <h2 id="time">{words.timeHeading}</h2>
      <p class="soft small">{known.length > 0 && range}</p>
      <svg
        class="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${words.timeHeading}: ${range}`}
      >
        {times.map((time, index) => (
          <rect
            key={index}
            class={index === chosen.value ? 'chart-chosen' : undefined}
            x={index * step}
            y={HEIGHT * (1 - time / most)}
            width={Math.max(0.5, step - 0.6)}
            height={(HEIGHT * time) / most}
          />
        ))}
      </svg>
    </section>
  );
}
