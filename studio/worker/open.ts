/** Models from where they come: loaded when somebody needs more than an image made ahead. */
import { describeModel, describeTokenizer, type OpenedModel, openTogether } from '../../src/model/index.ts';
import type { ModelFacts, ModelSource, NamedFile } from './protocol.ts';
import { openShipped } from './shipped.ts';

/** A Worker may wait for a file; a page's types do not know that. */
declare class FileReaderSync {
  readAsArrayBuffer(file: Blob): ArrayBuffer;
}

const readNow = (file: Blob): Uint8Array => new Uint8Array(new FileReaderSync().readAsArrayBuffer(file));

/** @throws UsageError where there is no checkpoint, or several; FailureError where one is damaged */
function openFiles(name: string, files: readonly NamedFile[]): OpenedModel {
  const byName = new Map(files.map((entry) => [entry.name, entry.file]));
  return openTogether(
    {
      names: [...byName.keys()],
      read(wanted) {
        const file = byName.get(wanted);
        return file && readNow(file);
      },
    },
    name,
  );
}

export const openSource = async (source: ModelSource): Promise<OpenedModel> =>
  source.kind === 'shipped' ? openShipped() : openFiles(source.name, source.files);

export const factsOfModel = ({ name, model, tokenizer }: OpenedModel): ModelFacts => ({
  ...describeModel(model),
  name,
  tokenizer: describeTokenizer(tokenizer),
});
