/** A part of the page that is loaded when it is shown for the first time. */
import { signal } from '@preact/signals';
import { RoomError } from '../state/room-error.ts';
import { texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';

type Component<Props> = (props: Props) => preact.JSX.Element;

/** @param className of what stands in its place until it is there */
export function late<Props extends object>(
  load: () => Promise<Component<Props>>,
  className?: string,
): Component<Props> {
  const loaded = signal<Component<Props> | undefined>(undefined);
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
  return (props) => {
    const Loaded = loaded.value;
    if (Loaded) return <Loaded {...props} />;
    if (!isComing && !failure.value) void come();
    return (
      <div class={className} role="status">
        {failure.value ? <Failure error={failure.value} /> : texts.value.loading}
      </div>
    );
  };
}
