/** The whole page: a head with the parts to choose from, and the part that is chosen. */
import { type Part, part, parts } from '../state/address.ts';
import { dragging } from '../state/drop.ts';
import { texts } from '../texts/index.ts';
import { Appearance } from './appearance.tsx';
import { BoardPart } from './board-part.tsx';
import { Logo } from './icons.tsx';
import { InsidePart } from './inside-part.tsx';
import { late } from './late.tsx';
import { ModelsPart } from './models-part.tsx';
import { SaveInside } from './save-inside.tsx';
import { StoryPart } from './story-part.tsx';
import { TrainPart } from './train-part.tsx';

const contents: Readonly<Record<Part, (props: object) => preact.JSX.Element>> = {
  story: StoryPart,
  models: ModelsPart,
  inside: () => <InsidePart Foot={SaveInside} />,
  board: BoardPart,
  train: TrainPart,
  assembler: late(async () => (await import('./assembler-part.tsx')).AssemblerPart, 'page'),
};

export function App() {
  const Content = contents[part.value];
  return (
    <>
      <button type="button" class="skip" onClick={skipToContent}>
        {texts.value.skip}
      </button>
      <header class="head">
        <div class="head-inner">
          <span class="brand">
            <Logo />
            <span>
              <span class="brand-first">esp32-llm </span>
              <b>studio</b>
            </span>
          </span>
          <nav class="parts" aria-label={texts.value.sections}>
            {parts.map((name) => (
              <button
                type="button"
                key={name}
                aria-current={name === part.value ? 'page' : undefined}
                onClick={() => {
                  part.value = name;
                }}
              >
                {texts.value.parts[name]}
              </button>
            ))}
          </nav>
          <Appearance />
        </div>
      </header>
      {dragging.value && (
        <div class="drop-veil" aria-hidden="true">
          {texts.value.models.dropHere}
        </div>
      )}
      <main id="content" tabIndex={-1}>
        <Content />
      </main>
    </>
  );
}

/** A link would take the hash, which holds the settings. */
const skipToContent = (): void => document.querySelector<HTMLElement>('#content')?.focus();
