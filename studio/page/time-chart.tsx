/** Time of every token, and which one is chosen. */
import { useMemo } from 'preact/hooks';
import { chosen } from '../state/inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { Curve } from './late-curve.tsx';

export function TimeChart({ story }: { story: Told }) {
  const words = texts.value.inside;
  const { tokens, image } = story;
  const x = useMemo(() => tokens.map((_, index) => index + 1), [tokens]);
  const y = useMemo(
    () => tokens.map(({ cycles }) => (cycles === undefined ? null : cycles / image.clock)),
    [tokens],
  );
  const known = y.filter((time) => time !== null);
  const range =
    known.length > 0 && words.timeRange(formatNumber(Math.min(...known)), formatNumber(Math.max(...known)));
  return (
    <section class="section" aria-labelledby="time">
      <h2 id="time">{words.timeHeading}</h2>
      <p class="soft small">{range}</p>
      <Curve
        label={`${words.timeHeading}: ${range || ''}`}
        below={words.timeAxis}
        x={x}
        y={y}
        digits={0}
        chosenBar={chosen.value}
      />
    </section>
  );
}
