/** A board in the hand, or one that only looks so: connect, write, talk. */
import { connectReal, connectSimulated, deviceFailure, hasSerial, stage } from '../state/device.ts';
import { trouble } from '../state/trouble.ts';
import { texts } from '../texts/index.ts';
import { BoardSelect } from './board-select.tsx';
import { DeviceChat } from './device-chat.tsx';
import { DeviceSteps } from './device-steps.tsx';
import { Failure } from './failure.tsx';
import { Help } from './help.tsx';
import { ImageFiles } from './image-files.tsx';
import { Page } from './page.tsx';

export function BoardPart() {
  const words = texts.value.device;
  return (
    <Page words={words}>
      <div class="story-columns">
        <section class="card stage" aria-label={words.connect}>
          {stage.value === 'none' ? <Connect /> : <DeviceSteps />}
        </section>
        <section class="telling" aria-label={words.chat}>
          {deviceFailure.value && <Failure error={deviceFailure.value} />}
          {trouble.value && <Help trouble={trouble.value} />}
          {stage.value === 'running' ? <DeviceChat /> : <ImageFiles />}
        </section>
      </div>
    </Page>
  );
}

function Connect() {
  const words = texts.value.device;
  return (
    <>
      <BoardSelect tells={false} />
      <p class="soft small">{words.boardHelp}</p>
      {hasSerial() ? (
        <div class="stack">
          <button type="button" class="primary" onClick={() => void connectReal(true)}>
            {words.write}
          </button>
          <button type="button" class="quiet" onClick={() => void connectReal(false)}>
            {words.talk}
          </button>
        </div>
      ) : (
        <p class="notice-text">{words.noSerial}</p>
      )}
      <button type="button" class="quiet" onClick={() => void connectSimulated()}>
        {words.simulated}
      </button>
      <p class="soft small">{words.simulatedHelp}</p>
    </>
  );
}
