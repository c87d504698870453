/** What training text needs to know of a language. */
export interface Language {
  /** Said before a command, before anything, and after anything. */
  readonly beforeCommand: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** How sentences begin that ask or tell, and so take nothing before a command. */
  readonly noCommand: RegExp;
  /** Other words for the same, a rule a line: see paraphrase.ts. */
  readonly paraphrases: readonly string[];
  /** Words that people leave out. */
  readonly droppable: ReadonlySet<string>;
  /** Letters that typing mistakes put in. */
  readonly letters: string;
  /** Names of rooms, and of everything else: nouns, what stands before them, and how invented ones are built. */
  readonly rooms: readonly string[];
  readonly things: readonly string[];
  readonly modifiers: readonly string[];
  readonly onsets: readonly string[];
  readonly vowels: readonly string[];
  readonly codas: readonly string[];
  /** Cases of a name, where the language has them: endings that may take the place of the last letters. */
  readonly endings?: readonly (readonly [last: string, forms: readonly string[]])[];
  /** Requests that no home understands: templates a line, and the lists that they use. */
  readonly foreign: string;
  readonly foreignLists: Readonly<Record<string, string>>;
  /** Words of all kinds. */
  readonly words: string;
}
