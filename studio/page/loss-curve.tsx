/** The loss as it falls. */
import { useMemo } from 'preact/hooks';
import { curve, progress, threads, trainingState } from '../state/training.ts';
import { formatNumber, formatRate, texts } from '../texts/index.ts';
import { Curve } from './late-curve.tsx';

export function LossCurve() {
  const words = texts.value.train;
  const points = curve.value;
  const now = progress.value;
  const [first, last] = [points[0], points.at(-1)];
  const x = useMemo(() => points.map(({ step }) => step), [points]);
  const y = useMemo(() => points.map(({ loss }) => loss), [points]);
  return (
    <div class="card">
      <p role="status" data-training={trainingState.value} data-steps={last?.step ?? 0}>
        {words.states[trainingState.value]}
        {now &&
          ` ${words.progress(formatNumber(now.step), formatNumber(now.loss, 3), formatRate(now.tokensPerSecond), threads.value)}`}
      </p>
      {first && last && (
        <Curve
          label={words.curve(
            formatNumber(first.loss, 3),
            formatNumber(last.loss, 3),
            formatNumber(last.step),
          )}
          below={words.axis}
          x={x}
          y={y}
          digits={1}
        />
      )}
    </div>
  );
}
