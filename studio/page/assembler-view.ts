/** The editor of the assembler corner: CodeMirror, with what each line cost beside it. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { diagnosticCount, lintGutter, setDiagnostics } from '@codemirror/lint';
import { Annotation, EditorState, type Range, RangeSet, StateEffect, StateField } from '@codemirror/state';
import { EditorView, GutterMarker, gutter, keymap, lineNumbers } from '@codemirror/view';
import { xtensaAssembly } from './assembler-language.ts';

export interface LineNote {
  /** Counted from 1. */
  readonly line: number;
  readonly cycles: string;
  /** What it waits for most. */
  readonly reason: string;
}

export interface LineError {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

class Note extends GutterMarker {
  readonly note: LineNote;
  constructor(note: LineNote) {
    super();
    this.note = note;
  }
  override eq({ note }: Note): boolean {
    return note.cycles === this.note.cycles && note.reason === this.note.reason;
  }
  override toDOM(): Node {
    const element = document.createElement('span');
    element.textContent = this.note.cycles;
    const reason = element.appendChild(document.createElement('span'));
    reason.className = 'reason';
    reason.textContent = `  ${this.note.reason}`;
    return element;
  }
}

const setNotes = StateEffect.define<RangeSet<GutterMarker>>();
/** They stay with their lines while somebody types. */
const notes = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update: (value, { changes, effects }) =>
    effects.find((effect) => effect.is(setNotes))?.value ?? value.map(changes),
});

/** A text that was opened, not typed. */
const opened = Annotation.define<true>();

const look = EditorView.theme({
  '&': {
    height: '24rem',
    background: 'var(--sunken)',
    border: '1px solid var(--line-strong)',
    borderRadius: '10px',
    overflow: 'hidden',
  },
  '&:focus-within': { outline: '2px solid var(--accent)', outlineOffset: '2px' },
  '.cm-scroller': { font: '0.8125rem / 1.5 var(--mono)' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '0.6rem 0' },
  '.cm-gutters': { background: 'var(--sunken)', color: 'var(--ink-soft)', border: '0' },
  '.cm-gutters.cm-gutters-after': { border: '0' },
  '.cm-notes': {
    maxWidth: '16rem',
    padding: '0 0.6rem',
    color: 'var(--accent)',
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'pre',
    overflow: 'hidden',
  },
  '.cm-tooltip': { background: 'var(--card)', color: 'var(--ink)', border: '1px solid var(--line)' },
  '@media (max-width: 560px)': { '.reason': { display: 'none' } },
});

export interface AssemblerView {
  show(text: string): void;
  note(lines: readonly LineNote[]): void;
  /** Marks a line; undefined: none. */
  fail(error: LineError | undefined): void;
  /** Puts the caret into a line, counted from 1, and selects it. */
  choose(line: number): void;
  close(): void;
}

export interface AssemblerViewOptions {
  /** Its style sheets go here: a page's policy lets none be written into the page itself. */
  root: ShadowRoot;
  name: string;
  help: string;
  onText(text: string): void;
  onRun(): void;
}

export function openAssemblerView({ root, name, help, onText, onRun }: AssemblerViewOptions): AssemblerView {
  const run = {
    key: 'Mod-Enter',
    run: () => {
      onRun();
      return true;
    },
  };
  const view = new EditorView({
    root,
    parent: root,
    extensions: [
      look,
      xtensaAssembly,
      history(),
      // Tab is bound to nothing: it leaves the text.
      keymap.of([run, ...defaultKeymap, ...historyKeymap]),
      lineNumbers(),
      lintGutter(),
      notes,
      gutter({ class: 'cm-notes', side: 'after', markers: ({ state }) => state.field(notes) }),
      EditorState.tabSize.of(8),
      EditorView.contentAttributes.of(({ state }) => ({
        tabindex: '0',
        'aria-label': name,
        'aria-description': help,
        'aria-invalid': String(diagnosticCount(state) > 0),
      })),
      EditorView.updateListener.of(({ docChanged, transactions, state }) => {
        if (docChanged && !transactions.some((one) => one.annotation(opened))) onText(state.doc.toString());
      }),
    ],
  });
  const lineAt = (line: number) => view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
  return {
    show(text) {
      const { doc } = view.state;
      if (text !== doc.toString())
        view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, annotations: opened.of(true) });
    },
    note(lines) {
      const marks = lines.map((note): Range<GutterMarker> => new Note(note).range(lineAt(note.line).from));
      view.dispatch({ effects: setNotes.of(RangeSet.of(marks, true)) });
    },
    fail(error) {
      const { from, to } = lineAt(error?.line ?? 1);
      const found = error ? [{ from, to, severity: 'error' as const, message: error.message }] : [];
      view.dispatch(setDiagnostics(view.state, found));
    },
    choose(line) {
      const { from, to } = lineAt(line);
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
      view.focus();
    },
    close: () => view.destroy(),
  };
}
