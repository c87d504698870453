/** What the simulation says in numbers. */
import type { PinState } from '../../src/chip/index.ts';
import { image, told } from '../state/story.ts';
import { formatBytes, formatNumber, formatRate, texts } from '../texts/index.ts';
import { Row } from './row.tsx';

export function Speed() {
  const story = told.value;
  return (
    <p class="speed">
      <b data-figure="speed">{story ? formatRate(story.tokensPerSecond.mean) : '–'}</b>
      <span>{texts.value.figures.predicted}</span>
    </p>
  );
}

export function Figures() {
  const words = texts.value.figures;
  const story = told.value;
  const built = image.value;
  const { weights = 0, 'kv cache': cache = 0 } = built?.memory.byPurpose ?? {};
  return (
    <dl class="figures rows">
      {built && (
        <Row name={words.memory}>
          {formatBytes(weights)} + {formatBytes(cache)}
        </Row>
      )}
      {built && <Row name={words.context}>{words.positions(built.context)}</Row>}
      {story && <Row name={words.boot}>{formatNumber(story.bootSeconds, 2)} s</Row>}
      {story && story.pins.length > 0 && (
        <Row name={words.pins}>
          <span data-figure="pins">{story.pins.map(pinOf).join(', ')}</span>
        </Row>
      )}
      {story && <Row name={words.energy}>{energyOf(story.energy.millijoulesPerToken)}</Row>}
      {story && (
        <Row name={words.digest} help={words.digestHelp}>
          <code data-figure="digest">{story.digest}</code>
        </Row>
      )}
    </dl>
  );
}

const pinOf = (pin: PinState): string =>
  `GPIO${pin.gpio} ${'level' in pin ? pin.level : `${formatNumber(pin.pwm, 1)} %`}`;

const MICRO = 1000;

/** As a range: how many clocks of peripherals run is not modelled. */
function energyOf({ least, most }: { least: number; most: number }): string {
  const [unit, factor] = most < 1 ? ['µJ', MICRO] : ['mJ', 1];
  const digits = most * factor < 10 ? 1 : 0;
  return `${formatNumber(least * factor, digits)}–${formatNumber(most * factor, digits)} ${unit}`;
}
