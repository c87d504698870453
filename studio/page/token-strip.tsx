/** The story's tokens, shaded by how sure the model was of them; one of them is chosen. */
import { chosen, looks } from '../state/inside.ts';
import { texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';

/** Spaces and line ends are shown as signs where a token is nothing else. */
export const visible = (text: string): string =>
  text.trim() === '' ? text.replaceAll(' ', '␣').replaceAll('\n', '⏎') || '∅' : text;

/** Shades of surprise: 0 is sure, 4 is astonished. */
const shadeOf = (probability: number | undefined): number =>
  probability === undefined ? 0 : Math.min(4, Math.max(0, Math.floor(-Math.log2(probability) / 2)));

/** A pointer that only crosses a token chooses nothing. */
const HOVER_MS = 120;
let hovering: ReturnType<typeof setTimeout> | undefined;

const stay = (): void => clearTimeout(hovering);

function hover(index: number): void {
  stay();
  hovering = setTimeout(() => {
    chosen.value = index;
  }, HOVER_MS);
}

export function TokenStrip({ story }: { story: Told }) {
  const words = texts.value.inside;
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    chosen.value = Math.min(story.tokens.length - 1, Math.max(0, chosen.value + step));
    const strip = event.currentTarget as HTMLElement;
    requestAnimationFrame(() => strip.querySelector<HTMLElement>('[aria-pressed=true]')?.focus());
  };
  return (
    <section class="section" aria-labelledby="tokens">
      <h2 id="tokens">{words.tokens}</h2>
      <p class="soft small">{words.tokensHelp}</p>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form's */}
      <div class="strip" role="group" aria-labelledby="tokens" onKeyDown={move}>
        {story.tokens.map(({ text, given }, index) => (
          <button
            type="button"
            key={`${index} ${text}`}
            class={`token shade-${given ? 'given' : shadeOf(looks.value[index]?.probability)}`}
            aria-pressed={index === chosen.value}
            tabIndex={index === chosen.value ? 0 : -1}
            onPointerEnter={({ pointerType }) => pointerType === 'mouse' && hover(index)}
            onPointerLeave={stay}
            onClick={() => {
              chosen.value = index;
            }}
          >
            {visible(text)}
          </button>
        ))}
      </div>
    </section>
  );
}
