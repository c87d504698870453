/** How far it is: connected, identified, written, started; nothing is written before somebody says so. */
import { findBoard } from '../../src/chip/boards/index.ts';
import { board } from '../state/address.ts';
import {
  answerWrite,
  boardPixels,
  greeting,
  identity,
  isSimulated,
  isTelling,
  leave,
  stage,
  unplugSimulated,
  written,
} from '../state/device.ts';
import type { Stage } from '../state/trouble.ts';
import { formatNumber, texts } from '../texts/index.ts';
import { BoardPicture } from './board-picture.tsx';
import { Row } from './row.tsx';

const STAGES: readonly Exclude<Stage, 'none'>[] = [
  'connecting',
  'identified',
  'writing',
  'starting',
  'running',
];
const MB = 2 ** 20;

export function DeviceSteps() {
  const words = texts.value.device;
  const at = STAGES.indexOf(stage.value as 'running');
  return (
    <>
      <ol class="steps">
        {STAGES.map((name, index) => (
          <li
            key={name}
            class={index < at || stage.value === 'running' ? 'done' : undefined}
            aria-current={index === at ? 'step' : undefined}
          >
            {words.stages[name]}
          </li>
        ))}
      </ol>
      {isSimulated.value && (
        <BoardPicture
          board={findBoard(board.value)}
          pixels={boardPixels.value}
          busy={stage.value !== 'running' || isTelling.value}
        />
      )}
      <Identity />
      {stage.value === 'identified' && (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => answerWrite(true)}>
            {words.writeNow}
          </button>
          <button type="button" class="quiet" onClick={() => answerWrite(false)}>
            {words.keep}
          </button>
        </div>
      )}
      {stage.value === 'writing' && (
        <label class="field">
          <span>
            {words.stages.writing} <output>{formatNumber(100 * written.value)} %</output>
          </span>
          <progress value={written.value} max={1} />
        </label>
      )}
      <p role="status" class="small">
        {greeting.value && `${words.runs} ${greeting.value}`}
      </p>
      <div class="buttons">
        <button type="button" class="quiet small" onClick={() => void leave()}>
          {words.leave}
        </button>
        {isSimulated.value && (
          <button type="button" class="quiet small" onClick={unplugSimulated}>
            {words.unplug}
          </button>
        )}
      </div>
    </>
  );
}

function Identity() {
  const words = texts.value.device;
  const found = identity.value;
  if (!found) return null;
  const { chip, revision, mac, flashBytes, psramMegabytes } = found;
  return (
    <dl class="rows" data-identity>
      <Row name={words.chip}>
        {chip} {revision}
      </Row>
      <Row name={words.flash}>{formatNumber(flashBytes / MB)} MB</Row>
      <Row name="PSRAM">{psramMegabytes > 0 ? `${formatNumber(psramMegabytes)} MB` : words.none}</Row>
      <Row name="MAC">
        <code>{mac}</code>
      </Row>
    </dl>
  );
}
