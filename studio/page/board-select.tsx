/** Which board. A story that is there is told anew for another one. */
import { boards } from '../../src/chip/boards/index.ts';
import { board } from '../state/address.ts';
import { tellStory } from '../state/story.ts';
import { texts } from '../texts/index.ts';

export function BoardSelect() {
  return (
    <label class="field">
      <span>{texts.value.story.board}</span>
      <select
        value={board.value}
        onChange={({ currentTarget }) => {
          board.value = currentTarget.value;
          void tellStory();
        }}
      >
        {boards.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
