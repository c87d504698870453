/** A model of one's own: a text goes in, and what it makes of it can be told at once. */
import { useEffect } from 'preact/hooks';
import { presets } from '../../src/train/index.ts';
import { part } from '../state/address.ts';
import { chosenFiles } from '../state/drop.ts';
import { openModel } from '../state/model.ts';
import { tellStory } from '../state/story.ts';
import {
  findSavedRun,
  minutes,
  pauseTraining,
  preset,
  sample,
  savedRun,
  startTraining,
  trained,
  trainingFailure,
  trainingFile,
  trainingState,
  trainingText,
} from '../state/training.ts';
import { formatBytes, formatNumber, texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';
import { LossCurve } from './loss-curve.tsx';
import { Page } from './page.tsx';

const MOST_MINUTES = 600;

export function TrainPart() {
  const words = texts.value.train;
  useEffect(() => void findSavedRun(), []);
  return (
    <Page words={words}>
      <div class="story-columns">
        <section class="card stage" aria-label={words.settings}>
          <Settings />
          <Controls />
        </section>
        <section class="telling" aria-label={words.run}>
          {trainingFailure.value && <Failure error={trainingFailure.value} />}
          <LossCurve />
          {sample.value && (
            <div class="story-text">
              <p>{sample.value}</p>
            </div>
          )}
        </section>
      </div>
    </Page>
  );
}

function Settings() {
  const words = texts.value.train;
  return (
    <>
      {trainingFile.value ? <ChosenFile /> : <PastedText />}
      <label class="field">
        <span>{words.size}</span>
        <select
          value={preset.value}
          onChange={({ currentTarget }) => {
            preset.value = currentTarget.value;
          }}
        >
          {Object.entries(presets).map(([name, { about }]) => (
            <option key={name} value={name}>
              {name}: {words.shapes[name] ?? about}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{words.minutes}</span>
        <input
          type="number"
          min={0.1}
          max={MOST_MINUTES}
          step="any"
          value={minutes.value}
          onChange={({ currentTarget }) => {
            minutes.value = Math.min(MOST_MINUTES, Math.max(0.05, Number(currentTarget.value) || 1));
          }}
        />
      </label>
    </>
  );
}

function PastedText() {
  const words = texts.value.train;
  return (
    <>
      <label class="field">
        <span>{words.text}</span>
        <textarea
          rows={8}
          placeholder={words.placeholder}
          value={trainingText.value}
          onInput={({ currentTarget }) => {
            trainingText.value = currentTarget.value;
          }}
        />
      </label>
      <label class="field">
        <span>{words.orFile}</span>
        <input
          type="file"
          accept=".txt,.md,text/plain"
          onChange={({ currentTarget }) => {
            [trainingFile.value] = chosenFiles(currentTarget.files).files;
          }}
        />
        <span class="small">{words.dropHelp}</span>
      </label>
    </>
  );
}

/** A file stays a file: its text may be larger than a field of the page can bear. */
function ChosenFile() {
  const words = texts.value.train;
  const { name, file } = trainingFile.value!;
  return (
    <div class="field">
      <span>{words.text}</span>
      <p data-text-file>
        <b>{name}</b>, {formatBytes(file.size)}
      </p>
      <button
        type="button"
        class="quiet small"
        onClick={() => {
          trainingFile.value = undefined;
        }}
      >
        {words.anotherText}
      </button>
    </div>
  );
}

function Controls() {
  const words = texts.value.train;
  const state = trainingState.value;
  const isRunning = state === 'running' || state === 'pausing';
  const saved = savedRun.value;
  const use = async (): Promise<void> => {
    if (!trained.value || !(await openModel(trained.value))) return;
    part.value = 'story';
    void tellStory();
  };
  return (
    <div class="stack">
      {isRunning ? (
        <button type="button" class="primary" disabled={state === 'pausing'} onClick={pauseTraining}>
          {words.pause}
        </button>
      ) : (
        <button
          type="button"
          class="primary"
          disabled={
            trainingFile.value ? trainingFile.value.file.size === 0 : trainingText.value.trim() === ''
          }
          onClick={() => void startTraining(false)}
        >
          {words.start}
        </button>
      )}
      {!isRunning && saved && (
        <button type="button" class="quiet" onClick={() => void startTraining(true)}>
          {words.resume(saved.preset, formatNumber(saved.characters))}
        </button>
      )}
      {!isRunning && trained.value && (
        <button type="button" class="quiet" onClick={() => void use()}>
          {words.use}
        </button>
      )}
    </div>
  );
}
