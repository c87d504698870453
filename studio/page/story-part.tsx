/** The first thing that one sees: a board, and the story that it tells. */
import { findBoard } from '../../src/chip/boards/index.ts';
import { board } from '../state/address.ts';
import { isBusy, pixels, stopStory, tellStory } from '../state/story.ts';
import { texts } from '../texts/index.ts';
import { BoardPicture } from './board-picture.tsx';
import { BoardSelect } from './board-select.tsx';
import { Figures, Speed } from './figures.tsx';
import { MissingModel } from './missing-model.tsx';
import { Page } from './page.tsx';
import { Question } from './question.tsx';
import { StoryText } from './story-text.tsx';

export function StoryPart() {
  const words = texts.value.story;
  return (
    <Page words={words}>
      <div class="story-columns">
        <section class="card stage" aria-label={words.board}>
          <BoardSelect />
          <BoardPicture board={findBoard(board.value)} pixels={pixels.value} busy={isBusy.value} />
          <Speed />
        </section>
        <section class="telling" aria-label={words.text}>
          <Question busy={isBusy.value} onAsk={() => void tellStory()} onStop={stopStory} />
          <MissingModel />
          <StoryText />
        </section>
        <Figures />
      </div>
    </Page>
  );
}
