/** A part of the page that is loaded when it is shown for the first time. */
import { signal } from '@preact/signals';
import { RoomError } from '../state/workers.ts';
import { texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';

type Component = () => preact.JSX.Element;

export function late(load: () => Promise<Component>): Component {
  const loaded = signal<Component | undefined>(undefined);
  const failure = signal<RoomError | undefined>(undefined);
  let isComing = false;
  const come = async (): Promise<void> => {
    isComing = true;
    try {
      loaded.value = await load();
    } catch {
      isComing = false;
      failure.value = new RoomError(texts.value.failures.notLoaded, true);
    }
  };
  return () => {
    const Loaded = loaded.value;
    if (Loaded) return <Loaded />;
    if (!isComing && !failure.value) void come();
    return (
      <div class="page" role="status">
        {failure.value ? <Failure error={failure.value} /> : texts.value.loading}
      </div>
    );
  };
}
