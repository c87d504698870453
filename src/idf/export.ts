/** The component, and the example if it is wanted, as one set of files. */
import type { Board } from '../chip/boards/index.ts';
import { buildComponent, type Component, type ComponentOptions } from './component.ts';
import { type ExampleName, exampleFiles } from './example.ts';

export interface IdfComponentOptions extends ComponentOptions {
  /** Also a project for this board. */
  example?: ExampleName;
  board?: Board;
}

/** Component and example as one set of files. */
export function buildIdfComponent(options: IdfComponentOptions): Component {
  const component = buildComponent(options);
  const { example } = options;
  return example ? withExample(component, { ...options, example }) : component;
}

/** A component, and the example for a board. @param options those of the component, where they matter here */
export function withExample(
  component: Component,
  options: Pick<IdfComponentOptions, 'templates' | 'board' | 'weights'> & { example: ExampleName },
): Component {
  const { values, weights, layout } = component;
  const { example } = options;
  const project = exampleFiles(options.templates, values, {
    example,
    board: options.board,
    weights: options.weights ?? 'partition',
    weightsBytes: weights.bytes.length,
    cacheBytes: layout.cacheBytes,
  });
  // Where the component registry looks for examples.
  const files = [...project].map(([path, contents]) => [`examples/${example}/${path}`, contents] as const);
  return { ...component, files: new Map([...component.files, ...files]) };
}
