/** Prompt and settings. */
import type { Signal } from '@preact/signals';
import { settings } from '../../src/contract/index.ts';
import { penalty, prompt, seed, temperature, topp } from '../state/address.ts';
import { formatNumber, texts } from '../texts/index.ts';
import { DiceIcon, PlayIcon, StopIcon } from './icons.tsx';

/** Beyond this a story is noise, though the console takes more. */
const MOST_TEMPERATURE = 2;
const STEP = 0.05;
const SEEDS = 100_000;

interface Props {
  busy: boolean;
  onAsk(): void;
  onStop(): void;
}

export function Question({ busy, onAsk, onStop }: Props) {
  const words = texts.value.story;
  const ask = (event: Event): void => {
    event.preventDefault();
    onAsk();
  };
  return (
    <form class="question" onSubmit={ask}>
      <label class="field field-wide" for="prompt">
        <span>{words.prompt}</span>
      </label>
      <div class="prompt-row">
        <input
          id="prompt"
          type="text"
          autocomplete="off"
          spellcheck={false}
          value={prompt.value}
          onInput={({ currentTarget }) => {
            prompt.value = currentTarget.value;
          }}
        />
        {busy ? (
          <button type="button" class="primary" onClick={onStop}>
            <StopIcon /> {words.stop}
          </button>
        ) : (
          <button type="submit" class="primary">
            <PlayIcon /> {words.tell}
          </button>
        )}
      </div>
      <div class="settings">
        <Slider
          name={words.temperature}
          help={words.temperatureHelp}
          value={temperature}
          most={Math.min(MOST_TEMPERATURE, settings.temperature.most)}
        />
        <Slider name={words.topp} help={words.toppHelp} value={topp} most={settings.topp.most} />
        <Slider
          name={words.penalty}
          help={words.penaltyHelp}
          value={penalty}
          least={settings.penalty.least}
          most={settings.penalty.most}
        />
        <SeedField onAsk={onAsk} />
      </div>
    </form>
  );
}

interface SliderProps {
  name: string;
  help: string;
  value: Signal<number>;
  least?: number;
  most: number;
}

function Slider({ name, help, value, least = 0, most }: SliderProps) {
  return (
    <label class="field" title={help}>
      <span>
        {name} <output>{formatNumber(value.value, 2)}</output>
      </span>
      <input
        type="range"
        min={least}
        max={most}
        step={STEP}
        value={value.value}
        onInput={({ currentTarget }) => {
          value.value = Number(currentTarget.value);
        }}
      />
    </label>
  );
}

function SeedField({ onAsk }: Pick<Props, 'onAsk'>) {
  const words = texts.value.story;
  const another = (): void => {
    seed.value = Math.floor(SEEDS * Math.random());
    onAsk();
  };
  return (
    <div class="field seed" title={words.seedHelp}>
      <label for="seed">{words.seed}</label>
      <div class="seed-row">
        <input
          id="seed"
          type="number"
          min={0}
          max={Number.MAX_SAFE_INTEGER}
          step={1}
          value={seed.value}
          onChange={({ currentTarget }) => {
            seed.value = Math.max(0, Math.floor(Number(currentTarget.value) || 0));
          }}
        />
        <button type="button" class="icon-button" aria-label={words.anotherSeed} onClick={another}>
          <DiceIcon />
        </button>
      </div>
    </div>
  );
}
