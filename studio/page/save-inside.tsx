/** The button that saves all of the inside, and how far that is. */
import { headOf, saveInside, saving, savingFailure, stopSaving } from '../state/save-inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { Failure } from './failure.tsx';
import { saveFile } from './save.ts';

export function SaveInside({ story }: { story: Told }) {
  const words = texts.value.inside;
  const head = headOf(story);
  const done = saving.value;
  const save = async (): Promise<void> => {
    const file = await saveInside(story, head!);
    if (file) saveFile(`${story.image.model}-${story.digest}.html`, file, file.type);
  };
  return (
    <div class="save">
      <button
        type="button"
        class="quiet"
        disabled={!head}
        onClick={() => (done === undefined ? void save() : stopSaving())}
      >
        {done === undefined ? words.save : words.saveNow}
      </button>
      <p class="soft small" role="status">
        {done !== undefined && words.saving(formatNumber(done), formatNumber(story.tokens.length))}
      </p>
      {savingFailure.value && <Failure error={savingFailure.value} />}
    </div>
  );
}
