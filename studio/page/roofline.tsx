/** The roofline: what the vector units could compute, what each memory could bring, and where this model stands. */
import { prediction } from '../state/inside.ts';
import { facts } from '../state/model.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { ModelFacts, Told } from '../worker/protocol.ts';

/** Of one core and cycle: EE.VSMULAS.S8.QACC. */
const LANES = 16;
const CORES = 2;
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [560, 260, 64, 34];
/** Decades: multiply-adds a byte, and multiply-adds a second. */
const X = { from: -1, to: 4 };
const Y = { from: 5, to: 10.2 };

/** Multiply-adds of a token's matrices: an embedding counts where it is the classifier, too, and tables of rows do not. */
function multiplyAdds({ tensors, config }: ModelFacts): number {
  const matrices = tensors.filter(({ shape }) => shape.length > 1);
  const sum = matrices.reduce((total, { elements }) => total + elements, 0);
  const tables = (config.sharedClassifier ? 0 : 1) + (config.layerEmbeddings ? config.layers + 1 : 0);
  return sum - tables * config.vocabulary * config.dim;
}

const place = (value: number, { from, to }: typeof X): number =>
  (Math.log10(Math.max(value, 1e-12)) - from) / (to - from);
const xOf = (perByte: number): number =>
  LEFT + (WIDTH - LEFT - 10) * Math.min(1, Math.max(0, place(perByte, X)));
const yOf = (perSecond: number): number =>
  10 + (HEIGHT - BOTTOM - 10) * (1 - Math.min(1, Math.max(0, place(perSecond, Y))));

export function Roofline({ story }: { story: Told }) {
  const words = texts.value.inside;
  const found = prediction.value;
  const model = facts.value;
  if (!found || !model) return null;
  const work = multiplyAdds(model);
  const done = work * story.tokensPerSecond.mean;
  const peak = LANES * CORES * story.image.clock * 1e6;
  const outside = found.traffic.flatMap(({ region, reads, limit }) =>
    limit === undefined || reads === 0
      ? []
      : [{ region: region.toUpperCase(), reads, limit, perByte: work / reads }],
  );
  const slowest = outside.toSorted((one, other) => one.limit * one.perByte - other.limit * other.perByte)[0];
  const isBoundByMemory = slowest !== undefined && found.busCycles > found.coreCycles;
  const verdict = isBoundByMemory
    ? words.boundByMemory(slowest.region)
    : words.boundByArithmetic(formatNumber((100 * done) / peak));
  return (
    <section class="section" aria-labelledby="roofline">
      <h2 id="roofline">{words.roofline}</h2>
      <p>{verdict}</p>
      <svg class="roof" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={verdict}>
        <Axes />
        <line class="roof-peak" x1={LEFT} x2={WIDTH - 10} y1={yOf(peak)} y2={yOf(peak)} />
        <text x={LEFT + 8} y={yOf(peak) - 6}>
          {words.vectorUnits} {formatNumber(peak / 1e9, 1)} G/s
        </text>
        {outside.map(({ region, limit }) => (
          <g key={region}>
            <path class="roof-memory" d={slopeOf(limit, peak)} />
            <text x={xOf(10 ** X.from) + 8} y={yOf(limit * 10 ** X.from) - 8}>
              {region} {formatNumber(limit / 1e6, 1)} MB/s
            </text>
          </g>
        ))}
        {(outside.length > 0 ? outside : [{ region: 'SRAM', perByte: 10 ** X.to }]).map(
          ({ region, perByte }) => (
            <g key={region} class="roof-point">
              <circle cx={xOf(perByte) - (outside.length > 0 ? 0 : 8)} cy={yOf(done)} r="5" />
              <text x={xOf(perByte) - 14} y={yOf(done) + 18}>
                {model.name} ({region}): {formatNumber(done / 1e9, 2)} G/s
              </text>
            </g>
          ),
        )}
      </svg>
      <p class="soft small">{words.rooflineHelp}</p>
    </section>
  );
}

/** What a memory allows, up to the peak. */
function slopeOf(limit: number, peak: number): string {
  const [from, to] = [10 ** X.from, Math.min(peak / limit, 10 ** X.to)];
  return `M${xOf(from)} ${yOf(limit * from)}L${xOf(to)} ${yOf(limit * to)}`;
}

function Axes() {
  const words = texts.value.inside;
  return (
    <g class="axes">
      <path d={`M${LEFT} 10V${HEIGHT - BOTTOM}H${WIDTH - 10}`} />
      {[-1, 0, 1, 2, 3, 4].map((power) => (
        <text
          key={power}
          x={xOf(10 ** power)}
          y={HEIGHT - BOTTOM + 14}
          text-anchor={power === X.to ? 'end' : 'middle'}
        >
          {formatNumber(10 ** power, power < 0 ? 1 : 0)}
        </text>
      ))}
      {[6, 7, 8, 9, 10].map((power) => (
        <text key={power} x={LEFT - 6} y={yOf(10 ** power) + 4} text-anchor="end">
          {power < 9 ? `${formatNumber(10 ** (power - 6))} M` : `${formatNumber(10 ** (power - 9))} G`}
        </text>
      ))}
      <text x={WIDTH - 10} y={HEIGHT - 4} text-anchor="end">
        {words.perByte}
      </text>
    </g>
  );
}
