/** Writes the component, and the example if it is wanted, to a folder. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Board } from '../chip/soc/boards.ts';
import { UsageError } from '../errors.ts';
import { buildComponent, type Component, type ComponentOptions } from './component.ts';
import { exampleFiles } from './example.ts';

export interface ExportOptions extends ComponentOptions {
  /** Also write the project example/ for this board. */
  example?: boolean;
  board?: Board;
  /** Write into a folder that has other things in it. */
  force?: boolean;
}

/** A file that every exported component has. */
const OURS = 'esp32_llm_program.h';
const EXAMPLE = 'example';

/** Component and example as one set of files. */
export function exportFiles(options: ExportOptions): Component {
  const component = buildComponent(options);
  if (!options.example) return component;
  const { values, weights, layout, files } = component;
  const example = exampleFiles(values, {
    board: options.board,
    weights: options.weights ?? 'partition',
    weightsBytes: weights.bytes.length,
    cacheBytes: layout.cacheBytes,
  });
  for (const [path, contents] of example) files.set(`${EXAMPLE}/${path}`, contents);
  return component;
}

/** Writes everything to `folder`, which is made where it is missing. @throws UsageError if it holds something else */
export function exportComponent(folder: string, options: ExportOptions): Component {
  const isStrange = existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, OURS));
  if (isStrange && !options.force) {
    throw new UsageError(
      `${folder} is not empty and is no component of ours; name another folder, or add --force to write into it.`,
    );
  }
  const component = exportFiles(options);
  for (const [path, contents] of component.files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, contents);
  }
  return component;
}
