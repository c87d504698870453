/** The same chat as with the simulated board, over the wire; what it measures stands beside what was predicted. */
import {
  exchanges,
  isTelling,
  isVerifying,
  stopOnBoard,
  tellOnBoard,
  verification,
  verifyDevice,
} from '../state/device.ts';
import { told } from '../state/story.ts';
import { formatNumber, formatRate, texts } from '../texts/index.ts';
import { Question } from './question.tsx';
import { saveFile } from './save.ts';

export function DeviceChat() {
  const words = texts.value.device;
  return (
    <>
      <Question busy={isTelling.value} onAsk={() => void tellOnBoard()} onStop={stopOnBoard} />
      <div class="exchanges">
        {exchanges.value.toReversed().map(({ prompt, answer, tokensPerSecond, digest }, index) => (
          <article key={exchanges.value.length - index} class="story-text">
            <p>
              <span class="given">{prompt}</span>
              {answer.startsWith(prompt) ? answer.slice(prompt.length) : answer}
            </p>
            {tokensPerSecond !== undefined && (
              <p class="soft small exchange-figures">
                {words.measured(formatRate(tokensPerSecond))}
                {told.value && `, ${words.predicted(formatRate(told.value.tokensPerSecond.mean))}`},{' '}
                <code data-device-digest>{digest}</code>
              </p>
            )}
          </article>
        ))}
      </div>
      <div class="buttons">
        <button
          type="button"
          class="quiet"
          disabled={isVerifying.value || isTelling.value}
          onClick={() => void verifyDevice()}
        >
          {isVerifying.value ? words.verifying : words.verify}
        </button>
      </div>
      <Verdict />
    </>
  );
}

function Verdict() {
  const words = texts.value.device;
  const found = verification.value;
  if (!found) return null;
  const figures = [
    [words.cycles, found.cyclesPerToken],
    [words.speed, found.tokensPerSecond],
  ] as const;
  return (
    <section class="card" aria-labelledby="verdict" data-verified={found.ok}>
      <h2 id="verdict" class={found.ok ? undefined : 'bad'}>
        {found.ok ? words.same : words.differs}
      </h2>
      <dl class="rows">
        {figures.map(([name, { predicted, measured }]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{words.both(formatNumber(predicted), formatNumber(measured))}</dd>
          </div>
        ))}
      </dl>
      <button
        type="button"
        class="quiet small"
        onClick={() => saveFile('report.json', JSON.stringify(found, null, 2), 'application/json')}
      >
        {words.report}
      </button>
    </section>
  );
}
