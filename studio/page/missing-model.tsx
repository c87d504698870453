/** A link names a model that is not open: nothing is fetched before somebody says so. */
import { modelName, part } from '../state/address.ts';
import { FIRST_STORY } from '../state/first-story.ts';
import { missing, missingIsOnHub, openFailure, openFromHub, opening, openName } from '../state/model.ts';
import { tellStory } from '../state/story.ts';
import { texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';

export function MissingModel() {
  const words = texts.value.missing;
  const wanted = missing.value;
  if (wanted === undefined) return null;
  const fetchIt = async (): Promise<void> => {
    if (await openFromHub(wanted)) void tellStory();
  };
  return (
    <section class="card notice" aria-label={words.title}>
      <p>
        {words.title} <b>{wanted}</b>. {missingIsOnHub.value ? words.onHub : words.asFile}
      </p>
      {openFailure.value && <Failure error={openFailure.value} />}
      <div class="buttons">
        {missingIsOnHub.value ? (
          <button
            type="button"
            class="primary"
            disabled={opening.value !== undefined}
            onClick={() => void fetchIt()}
          >
            {opening.value ?? words.fetch}
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            onClick={() => {
              part.value = 'models';
            }}
          >
            {words.choose}
          </button>
        )}
        <button
          type="button"
          class="quiet"
          onClick={() => {
            modelName.value = openName.value;
            void tellStory();
          }}
        >
          {words.instead} {FIRST_STORY.model}
        </button>
      </div>
    </section>
  );
}
