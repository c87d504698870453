/** Without a port: the image as a file, and the commands that write it. */
import { useState } from 'preact/hooks';
import { isHubName } from '../../src/hub/names.ts';
import { board, context, imageChoice, precision } from '../state/address.ts';
import { FIRST_STORY } from '../state/first-story.ts';
import { openName } from '../state/model.ts';
import { lab } from '../state/workers.ts';
import { texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';
import { saveFile } from './save.ts';

/** What the command line wants for the same image; a file has another name there than the page knows. */
function options(): string {
  const name = openName.value;
  return [
    `--board ${board.value}`,
    name === FIRST_STORY.model ? '' : `--model ${isHubName(name) ? name : 'MODEL'}`,
    precision.value ? `--precision ${precision.value}` : '',
    context.value === undefined ? '' : `--context ${context.value}`,
  ]
    .filter(Boolean)
    .join(' ');
}

export function ImageFiles() {
  const words = texts.value.device;
  const [failure, setFailure] = useState<Error>();
  const save = async (): Promise<void> => {
    setFailure(undefined);
    try {
      const { flash, facts } = await lab.call('image', imageChoice()).result;
      saveFile(`${facts.model}-${facts.board}.bin`, flash);
    } catch (error) {
      setFailure(error as Error);
    }
  };
  return (
    <div class="card stack" data-image>
      <h2>{words.without}</h2>
      <p class="soft">{words.withoutHelp}</p>
      <div class="buttons">
        <button type="button" class="quiet" onClick={() => void save()}>
          {words.saveImage}
        </button>
      </div>
      {failure && <Failure error={failure} />}
      <pre class="commands">
        {`npx esp32-llm flash ${options()}\n`}
        {`esptool --chip esp32s3 write-flash 0x0 IMAGE.bin`}
      </pre>
    </div>
  );
}
