/** Another model: files, a folder, or a name on the hub, which is asked only when the button is pressed. */
import { useRef, useState } from 'preact/hooks';
import { chosenFiles } from '../state/drop.ts';
import { FIRST_STORY } from '../state/first-story.ts';
import { openChosen, openFromHub, opening, openName, openShipped } from '../state/model.ts';
import { texts } from '../texts/index.ts';

export function ModelChooser() {
  const words = texts.value.models;
  return (
    <section class="card chooser" aria-labelledby="another-model">
      <h2 id="another-model">{words.another}</h2>
      <div class="dropzone">
        <p>{words.drop}</p>
        <div class="buttons">
          <FileButton label={words.chooseFiles} />
          <FileButton label={words.chooseFolder} folder />
        </div>
        <p class="soft small">{words.formats}</p>
      </div>
      <HubForm />
      {openName.value !== FIRST_STORY.model && (
        <button type="button" class="quiet" onClick={() => void openShipped()}>
          {words.backTo} {FIRST_STORY.model}
        </button>
      )}
    </section>
  );
}

function FileButton({ label, folder }: { label: string; folder?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="quiet" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={label}
        {...(folder ? { webkitdirectory: true } : {})}
        onChange={({ currentTarget }) => {
          const { name, files } = chosenFiles(currentTarget.files);
          if (files.length > 0) void openChosen(name, files);
          currentTarget.value = '';
        }}
      />
    </>
  );
}

function HubForm() {
  const words = texts.value.models;
  const [name, setName] = useState('');
  const fetchIt = (event: Event): void => {
    event.preventDefault();
    void openFromHub(name);
  };
  return (
    <form onSubmit={fetchIt}>
      <label class="field" for="hub-name">
        <span>{words.hub}</span>
      </label>
      <div class="prompt-row">
        <input
          id="hub-name"
          type="text"
          placeholder="owner/name"
          autocomplete="off"
          spellcheck={false}
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <button type="submit" class="quiet" disabled={name.trim() === '' || opening.value !== undefined}>
          {words.fetch}
        </button>
      </div>
      <p class="soft small">{words.hubNote}</p>
    </form>
  );
}
