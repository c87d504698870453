/**
 * In a saved file this stands for `state/workers.ts` (the build puts it there): what Workers answer in the page lies in the file.
 */
import { RoomError } from '../state/room-error.ts';
import type { Call } from '../state/workers.ts';
import type { CodeLine, InsideCalls, LabCalls, TokenLook } from '../worker/protocol.ts';
import { readSaved, type SavedStory } from './format.ts';

let saved: SavedStory;

/** Reads what the element with this id holds. */
export async function openSaved(id: string): Promise<SavedStory> {
  const packed = Uint8Array.from(atob(document.getElementById(id)!.textContent), (letter) =>
    letter.charCodeAt(0),
  );
  const text = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  saved = readSaved(await new Response(text).text());
  return saved;
}

type Asked = Pick<LabCalls, 'facts' | 'predict' | 'list' | 'explain'>;

const answers: { [Name in keyof Asked]: (input: Asked[Name]['input']) => Asked[Name]['result'] } = {
  facts: () => saved.facts,
  predict: () => saved.prediction,
  list({ name }): CodeLine[] {
    const lines = saved.code[name];
    if (!lines) throw new RoomError(`the image has no function ${name}`, true);
    return [...lines];
  },
  explain: ({ index }) => saved.kernels(index),
};

export const lab = {
  call<Name extends keyof Asked>(name: Name, input: Asked[Name]['input']): Call<Asked[Name]['result']> {
    const result = Promise.resolve().then(() => answers[name](input));
    return { result, stop() {} };
  },
};

export const insideWorker = {
  call(_: 'look', __: InsideCalls['look']['input'], onEvent: (looks: TokenLook[]) => void): Call<undefined> {
    onEvent([...saved.looks]);
    return { result: Promise.resolve(undefined), stop() {} };
  },
  end() {},
};

/** Nothing in a file plans. */
export const planner = undefined;
