/** Requests at home: sentence templates become training text, a model, and the grammar of its answers. */
export { answerAutomaton, classesOf, type Symbols, symbolsOf } from './answer.ts';
export { createBaseline } from './baseline.ts';
export {
  type HomeModel,
  renewHome,
  type TrainHomeOptions,
  trainHome,
  understandWith,
  vocabularyOf,
} from './build.ts';
export { type Figures, figuresOf, type Understand, type Understood } from './evaluate.ts';
export { type Home, type Intent, type Meaning, NONE, type SlotList } from './home.ts';
export type { LearnProgress } from './learn.ts';
export { recognize } from './match.ts';
export { type HomeSource, readHome } from './read.ts';
export { baselineOf, type ReportRow, reportOn } from './report.ts';
export { normalize } from './template.ts';
