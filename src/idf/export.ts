/** The component, and the example if it is wanted, as one set of files. */
import type { Board } from '../chip/boards/index.ts';
import { buildComponent, type Component, type ComponentOptions } from './component.ts';
import { exampleFiles } from './example.ts';

export interface IdfComponentOptions extends ComponentOptions {
  /** Also the project example/ for this board. */
  example?: boolean;
  board?: Board;
}

/** Where the component registry looks for examples. */
export const EXAMPLE = 'examples/story';

/** Component and example as one set of files. */
export function buildIdfComponent(options: IdfComponentOptions): Component {
  const component = buildComponent(options);
  return options.example ? withExample(component, options) : component;
}

/** A component, and the example for a board. @param options those of the component, where they matter here */
export function withExample(
  component: Component,
  options: Pick<IdfComponentOptions, 'templates' | 'board' | 'weights'>,
): Component {
  const { values, weights, layout } = component;
  const example = exampleFiles(options.templates, values, {
    board: options.board,
    weights: options.weights ?? 'partition',
    weightsBytes: weights.bytes.length,
    cacheBytes: layout.cacheBytes,
  });
  const files = [...example].map(([path, contents]) => [`${EXAMPLE}/${path}`, contents] as const);
  return { ...component, files: new Map([...component.files, ...files]) };
}
