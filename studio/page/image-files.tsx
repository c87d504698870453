/** Without a port: the image as a file, and the commands that write it. */
import { useState } from 'preact/hooks';
import { board, precision } from '../state/address.ts';
import { lab } from '../state/workers.ts';
import { texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';
import { saveFile } from './save.ts';

export function ImageFiles() {
  const words = texts.value.device;
  const [failure, setFailure] = useState<Error>();
  const save = async (): Promise<void> => {
    setFailure(undefined);
    try {
      const { flash, facts } = await lab.call('image', { board: board.value, precision: precision.value })
        .result;
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
        {`npx esp32-llm flash --board ${board.value}\n`}
        {`esptool --chip esp32s3 write-flash 0x0 IMAGE.bin`}
      </pre>
    </div>
  );
}
