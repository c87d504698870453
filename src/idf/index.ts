/** The firmware's model and program as an ESP-IDF component, and an example project around it. */
export { buildComponent, type Component, type ComponentOptions, type Files } from './component.ts';
export type { ExampleName } from './example.ts';
export { buildIdfComponent, type IdfComponentOptions } from './export.ts';
export type { Templates } from './template.ts';
