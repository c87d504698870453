/** What went wrong, in the sentence that the room gave; a fault of our own is called one. */
import type { RoomError } from '../state/room-error.ts';
import { texts } from '../texts/index.ts';

export function Failure({ error }: { error: Error | RoomError }) {
  const words = texts.value.failures;
  const isOurs = !('isOurs' in error) || error.isOurs;
  return (
    <div class="failure" role="alert">
      <b>{words.title}</b>
      <pre>{isOurs ? error.message : `${words.fault} ${error.message}`}</pre>
    </div>
  );
}
