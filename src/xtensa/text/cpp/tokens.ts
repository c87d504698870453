/** Preprocessing tokens: names, numbers, quoted text, and everything else by character. */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'character' | 'other';
  readonly text: string;
  /** Whether white space stands before it. */
  readonly space: boolean;
  /** Macros that are not to be expanded in this token any more: it came out of them. */
  readonly hidden?: ReadonlySet<string>;
}

/** Numbers as C's preprocessor sees them: `1f`, `0x3fc`, `1.5e+3` are one token each. */
const tokenPattern =
  /(\s+)|([A-Za-z_$][\w$]*)|(\.?\d(?:(?<!0[xX][\da-fA-F]*)[eE][+-]|[\w.$])*)|("(?:\\.|[^"\\])*"?)|('(?:\\.|[^\\'])')|(##|&&|\|\||<<|>>|[<>=!]=|.)/gs;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let space = false;
  for (const [whole, blank, name, number, string, character] of text.matchAll(tokenPattern)) {
    if (blank !== undefined) {
      space = true;
      continue;
    }
    const kind =
      name !== undefined
        ? 'name'
        : number !== undefined
          ? 'number'
          : string !== undefined
            ? 'string'
            : character !== undefined
              ? 'character'
              : 'other';
    tokens.push({ kind, text: whole, space });
    space = false;
  }
  return tokens;
}

const isWord = ({ kind }: Token): boolean => kind === 'name' || kind === 'number';

/** Whether two tokens that came from different places would read as one without a space. */
function wouldMerge(before: Token, after: Token): boolean {
  if (before.kind === 'number' && after.text.startsWith('.')) return true;
  if (isWord(before) && isWord(after)) return before.kind === 'number' || /^\w/.test(after.text);
  return before.kind === 'other' && after.kind === 'other' && /^[-+&|<>=!#]$/.test(before.text[0])
    ? before.text.at(-1) === after.text[0] && before.hidden !== after.hidden
    : false;
}

export function textOf(tokens: readonly Token[]): string {
  const parts: string[] = [];
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    if (before && (token.space || wouldMerge(before, token))) parts.push(' ');
    parts.push(token.text);
  });
  return parts.join('');
}
