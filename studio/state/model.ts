/** The model that is open, where it came from, and what it would do on every board. */
import { computed, signal } from '@preact/signals';
import { isHubName } from '../../src/hub/names.ts';
import type { ImageChoice, ModelFacts, ModelSource, NamedFile, Pruning, Report } from '../worker/protocol.ts';
import { context, modelName } from './address.ts';
import { FIRST_STORY } from './first-story.ts';
import type { RoomError } from './room-error.ts';
import { lab, planner } from './workers.ts';

export const source = signal<ModelSource>({ kind: 'shipped' });
/** What links call it: a name, or where on the hub it is. */
export const openName = signal<string>(FIRST_STORY.model);
export const facts = signal<ModelFacts | undefined>(undefined);
export const opening = signal<string | undefined>(undefined);
export const openFailure = signal<RoomError | undefined>(undefined);

export const report = signal<Report | undefined>(undefined);
export const reporting = signal(false);
export const reportFailure = signal<RoomError | undefined>(undefined);

/** What the link asks for and is not open; nothing is fetched before somebody says so. */
export const missing = computed(() =>
  modelName.value !== undefined && modelName.value !== openName.value ? modelName.value : undefined,
);
export const missingIsOnHub = computed(() => missing.value !== undefined && isHubName(missing.value));

/** Opens a model for all of the page. @returns whether it could be */
export async function openModel(wanted: ModelSource, name?: string): Promise<boolean> {
  opening.value = name ?? '';
  openFailure.value = undefined;
  try {
    facts.value = await lab.call('open', wanted).result;
    source.value = wanted;
    openName.value = name ?? facts.value.name;
    modelName.value = openName.value;
    context.value = undefined;
    report.value = undefined;
    planner.end();
    return true;
  } catch (error) {
    openFailure.value = error as RoomError;
    return false;
  } finally {
    opening.value = undefined;
  }
}

export const openShipped = (): Promise<boolean> => openModel({ kind: 'shipped' });

/** What was chosen before and lacked a tokenizer may be completed by the next choice. */
let incomplete: readonly NamedFile[] = [];

export async function openChosen(name: string, files: readonly NamedFile[]): Promise<boolean> {
  const isOnlyTokenizer = files.every((file) => /^tok.*\.(bin|json)$/.test(file.name));
  const together = isOnlyTokenizer ? [...incomplete, ...files] : files;
  const isOpen = await openModel({ kind: 'files', name, files: together });
  incomplete = isOpen ? [] : together;
  return isOpen;
}

/** `hf:owner/name`, with or without its beginning. Asks the hub: call it when somebody has said so. */
export async function openFromHub(text: string): Promise<boolean> {
  const name = isHubName(text) ? text : `hf:${text.trim()}`;
  openFailure.value = undefined;
  opening.value = name;
  try {
    const { fetchRepository } = await import('./hub.ts');
    const wanted = await fetchRepository(name, (progress) => {
      opening.value = progress;
    });
    return await openModel(wanted, name);
  } catch (error) {
    openFailure.value = error as RoomError;
    return false;
  } finally {
    opening.value = undefined;
  }
}

/** Facts of the model that is open, which the first story does without. */
export async function knowFacts(): Promise<void> {
  if (facts.value) return;
  const mine = source.value;
  const found = await lab.call('facts', undefined).result;
  if (source.value === mine) facts.value ??= found;
}

/** Plans the open model for all boards, unless that is known. */
export async function makeReport(): Promise<void> {
  await knowFacts();
  if (report.value || reporting.value) return;
  reporting.value = true;
  reportFailure.value = undefined;
  const mine = source.value;
  try {
    const made = await planner.call('report', mine).result;
    if (source.value === mine) report.value = made;
  } catch (error) {
    if (source.value === mine) reportFailure.value = error as RoomError;
  } finally {
    reporting.value = false;
    // Somebody may have asked it why, or for a smaller vocabulary.
    planner.endIdle();
  }
  if (source.value !== mine) await makeReport();
}

export const whyNot = (choice: ImageChoice): Promise<string> =>
  planner.call('refusal', { source: source.value, ...choice }).result.finally(planner.endIdle);

export const prune = (text: string): Promise<Pruning> =>
  planner.call('prune', { source: source.value, text }).result.finally(planner.endIdle);
