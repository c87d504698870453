/** Xtensa assembly in GNU syntax, as far as colours need it: comments, labels, directives, mnemonics, registers, numbers, texts. */
import { HighlightStyle, StreamLanguage, type StringStream, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';

interface State {
  inComment: boolean;
  /** The next word is an instruction's name. */
  atStart: boolean;
}

/** What begins with it lasts to the end of the line. */
const LINE_COMMENT = /^(#|\/\/).*/;
const LABEL = /^[\w.$]+:/;
const STATEMENT = /^[\w.]+/;
const REGISTER = /^(a1[0-5]|a\d|sp|f1[0-5]|f\d|q[0-7]|b1[0-5]|b\d|m[0-3])\b/;
const NUMBER = /^(0x[\da-f]+|0b[01]+|\d+(\.\d+)?(e[-+]?\d+)?)[bf]?\b/i;
const TEXT = /^"([^"\\]|\\.)*"?/;
const NAME = /^[\w.$]+/;

function token(stream: StringStream, state: State): string | null {
  if (state.inComment || stream.match('/*')) {
    state.inComment = !stream.match(/^.*?\*\//);
    if (state.inComment) stream.skipToEnd();
    return 'comment';
  }
  if (stream.eatSpace()) return null;
  if (stream.match(LINE_COMMENT)) return 'comment';
  if (stream.eat(';')) {
    state.atStart = true;
    return null;
  }
  if (state.atStart) {
    if (stream.match(LABEL)) return 'labelName';
    state.atStart = false;
    if (stream.match(STATEMENT)) return stream.current().startsWith('.') ? 'meta' : 'keyword';
  }
  if (stream.match(REGISTER)) return 'atom';
  if (stream.match(NUMBER)) return 'number';
  if (stream.match(TEXT)) return 'string';
  if (!stream.match(NAME)) stream.next();
  return null;
}

const language = StreamLanguage.define<State>({
  name: 'xtensa',
  startState: () => ({ inComment: false, atStart: true }),
  token(stream, state) {
    if (stream.sol()) state.atStart = true;
    return token(stream, state);
  },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: tags.labelName, color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.meta, color: 'var(--hue-4)' },
  { tag: tags.keyword, color: 'var(--ink)', fontWeight: '600' },
  { tag: tags.atom, color: 'var(--hue-3)' },
  { tag: [tags.number, tags.string], color: 'color-mix(in srgb, var(--hue-2) 75%, var(--ink))' },
]);

export const xtensaAssembly: Extension = [language, syntaxHighlighting(colours)];
