/** The loss as it falls. */
import { curve, progress, threads, trainingState } from '../state/training.ts';
import { formatNumber, formatRate, texts } from '../texts/index.ts';

const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 36;
const BOTTOM = 20;

/** Points that are drawn at most: a run of hours has a hundred times as many. */
const DRAWN = 600;

function thinned<Point>(points: readonly Point[]): readonly Point[] {
  const every = Math.ceil(points.length / DRAWN);
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

export function LossCurve() {
  const words = texts.value.train;
  const points = thinned(curve.value);
  const now = progress.value;
  const losses = points.map(({ loss }) => loss);
  const most = Math.max(...losses, 1);
  const least = Math.min(...losses, most - 1);
  const last = Math.max(points.at(-1)?.step ?? 1, 1);
  const x = (step: number): number => LEFT + ((WIDTH - LEFT) * step) / last;
  const y = (loss: number): number => 8 + ((HEIGHT - BOTTOM - 8) * (most - loss)) / (most - least);
  const line = points.map(({ step, loss }, index) => `${index === 0 ? 'M' : 'L'}${x(step)} ${y(loss)}`);
  const state = words.states[trainingState.value];
  return (
    <div class="card">
      <p role="status" data-training={trainingState.value} data-steps={points.at(-1)?.step ?? 0}>
        {state}
        {now &&
          ` ${words.progress(formatNumber(now.step), formatNumber(now.loss, 3), formatRate(now.tokensPerSecond), threads.value)}`}
      </p>
      {points.length > 0 && (
        <svg
          class="roof curve"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="img"
          aria-label={`${words.curve}: ${losses.length > 0 ? formatNumber(losses.at(-1)!, 3) : ''}`}
        >
          <g class="axes">
            <path d={`M${LEFT} 8V${HEIGHT - BOTTOM}H${WIDTH}`} />
            {[most, (most + least) / 2, least].map((loss) => (
              <text key={loss} x={LEFT - 5} y={y(loss) + 4} text-anchor="end">
                {formatNumber(loss, 1)}
              </text>
            ))}
            <text x={WIDTH} y={HEIGHT - 6} text-anchor="end">
              {words.axis}
            </text>
          </g>
          <path class="curve-line" d={line.join('')} />
        </svg>
      )}
    </div>
  );
}
