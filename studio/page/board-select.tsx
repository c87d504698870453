/** Which board. */
import { boards } from '../../src/chip/boards/index.ts';
import { board, context } from '../state/address.ts';
import { tellStory } from '../state/story.ts';
import { texts } from '../texts/index.ts';

/** @param tells whether a story is told anew for another board */
export function BoardSelect({ tells = true }: { tells?: boolean }) {
  return (
    <label class="field">
      <span>{texts.value.story.board}</span>
      <select
        value={board.value}
        onChange={({ currentTarget }) => {
          board.value = currentTarget.value;
          context.value = undefined;
          if (tells) void tellStory();
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
