/** The story as it comes, how it ended, and what left the serial port. */
import { signal } from '@preact/signals';
import { consoleText, failure, phase, told, toldTokens } from '../state/story.ts';
import { formatNumber, texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';
import { LinkIcon } from './icons.tsx';

export function StoryText() {
  const words = texts.value.story;
  if (failure.value) return <Failure error={failure.value} />;
  const given = toldTokens.value.filter((token) => token.given);
  const told = toldTokens.value.filter((token) => !token.given);
  const joined = (tokens: typeof given): string => tokens.map(({ text }) => text).join('');
  return (
    <>
      <div class="story-text" data-phase={phase.value}>
        <p>
          <span class="given">{joined(given)}</span>
          {joined(told)}
          {phase.value === 'telling' && <span class="caret" aria-hidden="true" />}
        </p>
      </div>
      <div class="story-foot">
        <p role="status">{statusText()}</p>
        <CopyLink />
      </div>
      <details class="console">
        <summary>{words.console}</summary>
        <pre>{consoleText.value}</pre>
      </details>
    </>
  );
}

function statusText(): string {
  const { story, figures } = texts.value;
  const over = told.value;
  if (!over) return story.phases[phase.value];
  const given = over.tokens.filter((token) => token.given).length;
  const count = `${figures.tokens}: ${formatNumber(over.tokens.length)} (${figures.ofPrompt(given)})`;
  return `${count}, ${story.endings[over.ending] ?? over.ending}`;
}

const copied = signal(false);
const COPIED_MS = 2000;

function CopyLink() {
  const words = texts.value.story;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(location.href);
    copied.value = true;
    setTimeout(() => {
      copied.value = false;
    }, COPIED_MS);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      <LinkIcon /> <span role="status">{copied.value ? words.copied : words.copyLink}</span>
    </button>
  );
}
