/** Files and folders that are dropped anywhere on the page. */
import { signal } from '@preact/signals';
import type { NamedFile } from '../worker/protocol.ts';

/** Something is being dragged over the page. */
export const dragging = signal(false);

export interface Dropped {
  /** Of the folder, or of the first file. */
  name: string;
  files: NamedFile[];
}

const named = (file: File): NamedFile => ({ name: file.name, file });

/** Files that an input gave: those of a folder's top only. */
export function chosenFiles(list: FileList | null): Dropped {
  const files = [...(list ?? [])];
  const folder = files[0]?.webkitRelativePath.split('/')[0];
  const top = folder ? files.filter((file) => file.webkitRelativePath.split('/').length === 2) : files;
  return { name: folder || files[0]?.name || '', files: top.map(named) };
}

const readEntries = (folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> => {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    const more = (): void =>
      reader.readEntries((entries) => {
        if (entries.length === 0) return resolve(all);
        all.push(...entries);
        more();
      }, reject);
    more();
  });
};

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

async function readDrop({ items, files }: DataTransfer): Promise<Dropped> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const folder = entries.find((entry) => entry.isDirectory) as FileSystemDirectoryEntry | undefined;
  if (!folder) return { name: files[0]?.name ?? '', files: [...files].map(named) };
  const inside = (await readEntries(folder)).filter((entry) => entry.isFile) as FileSystemFileEntry[];
  return { name: folder.name, files: (await Promise.all(inside.map(fileOf))).map(named) };
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

export function followDrops(take: (dropped: Dropped) => void): void {
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    dragging.value = true;
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) dragging.value = false;
  });
  addEventListener('drop', (event) => {
    dragging.value = false;
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    void readDrop(event.dataTransfer).then(take);
  });
}
