/** What is known about the inside of a story, as one file: token by token, as the image tells it once more, slowly. */
import { signal } from '@preact/signals';
import { packKernels, packLook, type SavedHead } from '../file/format.ts';
import { texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { language, theme } from './appearance.ts';
import { looks, prediction } from './inside.ts';
import { facts } from './model.ts';
import { RoomError } from './room-error.ts';
import { asked, told } from './story.ts';
import { nextTurn } from './turns.ts';
import { lab } from './workers.ts';

/** Tokens whose kernels are in the file that is being made; undefined: none is. */
export const saving = signal<number | undefined>(undefined);
export const savingFailure = signal<RoomError | undefined>(undefined);

let stop: (() => void) | undefined;

/** Saves what is there; of the other tokens everything but their kernels. */
export const stopSaving = (): void => stop?.();

/** What a file says of the story as a whole, once that is known. */
export function headOf(story: Told): SavedHead | undefined {
  if (!asked.value || !facts.value || !prediction.value) return undefined;
  if (looks.value.length < story.tokens.length) return undefined;
  return {
    told: story,
    asked: asked.value,
    facts: facts.value,
    prediction: prediction.value,
    language: language.value,
    theme: theme.value,
  };
}

/** The file; undefined where the story is not the last one any more, or it failed. */
export async function saveInside(story: Told, head: SavedHead): Promise<Blob | undefined> {
  saving.value = 0;
  savingFailure.value = undefined;
  try {
    const template = await savedPage();
    const packed = await pack(story, head);
    const [before, after] = template.split('__SAVED__');
    return told.value === story ? new Blob([before, packed, after], { type: 'text/html' }) : undefined;
  } catch (error) {
    savingFailure.value = error as RoomError;
    return undefined;
  } finally {
    saving.value = undefined;
    stop = undefined;
  }
}

/** The page of the file, with room for what is saved. */
async function savedPage(): Promise<string> {
  const response = await fetch(new URL('inside.html', document.baseURI)).catch(() => undefined);
  if (!response?.ok) throw new RoomError(texts.value.failures.notLoaded, true);
  return response.text();
}

/** All lines, compressed, in base64. */
async function pack(story: Told, head: SavedHead): Promise<string> {
  const encoder = new TextEncoderStream();
  const writer = encoder.writable.getWriter();
  const whole = new Response(encoder.readable.pipeThrough(new CompressionStream('gzip'))).blob();
  const write = (line: string): Promise<void> => writer.write(`${line}\n`);
  void write(JSON.stringify(head));
  for (const look of looks.value) {
    void write(packLook(look));
    await nextTurn();
  }
  const count = story.tokens.length;
  let done = 0;
  const call = lab.call('explainAll', { question: head.asked, count }, (line) => {
    if (told.value !== story) call.stop();
    saving.value = ++done;
    void write(line);
  });
  stop = call.stop;
  const code = await call.result;
  for (; done < count; done++) void write(packKernels(texts.value.inside.notSaved));
  await write(JSON.stringify(code));
  await writer.close();
  return base64Of(await whole);
}

/** Off the page's thread, as the platform does it. */
function base64Of(blob: Blob): Promise<string> {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
