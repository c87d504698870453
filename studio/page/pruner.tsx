/** A smaller vocabulary for a text: often what makes a model fit. */
import { useState } from 'preact/hooks';
import { openModel, prune } from '../state/model.ts';
import { formatBytes, formatNumber, texts } from '../texts/index.ts';
import type { Pruning } from '../worker/protocol.ts';
import { Failure } from './failure.tsx';

const DIGITS = 3;
/** Id of the text area, for who leads here. */
export const PRUNER_TEXT = 'pruner-text';

export function Pruner() {
  const words = texts.value.pruner;
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<Pruning>();
  const [failure, setFailure] = useState<Error>();
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    await prune(text).then(setMade, setFailure);
    setBusy(false);
  };
  return (
    <section class="section" aria-labelledby="pruner">
      <h2 id="pruner">{words.heading}</h2>
      <p class="soft">{words.about}</p>
      <form class="pruner" onSubmit={(event) => void make(event)}>
        <textarea
          id={PRUNER_TEXT}
          rows={4}
          aria-label={words.text}
          placeholder={words.text}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit" class="quiet" disabled={busy || text.trim() === ''}>
          {busy ? words.pruning : words.prune}
        </button>
      </form>
      {failure && <Failure error={failure} />}
      {made && (
        <p role="status">
          {words.result(formatNumber(made.before), formatNumber(made.after), formatBytes(made.saved))}{' '}
          {words.cost(formatNumber(made.bits.before, DIGITS), formatNumber(made.bits.after, DIGITS))}{' '}
          <button
            type="button"
            class="quiet small"
            onClick={() => {
              setMade(undefined);
              void openModel(made.source);
            }}
          >
            {words.use}
          </button>
        </p>
      )}
    </section>
  );
}
