/** What a model may write: grammars in their notations, as an automaton over tokens. */
export { accepts, type ByteAutomaton, compileAutomaton, type GrammarLimits } from './automaton.ts';
export { isWalkable } from './check.ts';
export { type CompiledGrammar, compileGrammar } from './compile.ts';
export type { Expression, Grammar } from './expression.ts';
export { parseGbnf } from './gbnf.ts';
export { parseJsonSchema } from './json-schema.ts';
export { type PackedPin, packGrammar } from './pack.ts';
export { parseGrammar } from './read.ts';
export { compileTokens, type TokenAutomaton, type TokenState } from './tokens.ts';
export { areWords, countWords, knownWords, packWords, wordKinds } from './words.ts';
