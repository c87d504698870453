/** The text of a kernel, with the cycles of each line beside it. A plain text area: nothing has to be loaded, and every keyboard knows it. */
import { useRef } from 'preact/hooks';
import { failedLine, rows, run, source, writeSource } from '../state/assembler.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { CodeRow } from '../worker/protocol.ts';
import { extraText } from './extra-text.ts';

const ID = 'assembler-source';

/** Puts the caret into a line, counted from 1. */
export function focusLine(line: number): void {
  const area = document.querySelector<HTMLTextAreaElement>(`#${ID}`);
  if (!area) return;
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
}

/** Cycles of a line and what it waits for most, where its instructions have run. */
function Note({ code }: { code: readonly CodeRow[] }) {
  const cycles = code.reduce((sum, row) => sum + row.cycles, 0);
  const [most] = code.flatMap(({ extras }) => extras).toSorted((one, other) => other.cycles - one.cycles);
  return (
    <>
      {cycles > 0 && formatNumber(cycles)}
      {most && <span class="editor-reason">{`  ${extraText(most)}`}</span>}
      {'\n'}
    </>
  );
}

function rowsByLine(): ReadonlyMap<number | undefined, readonly CodeRow[]> {
  const found = new Map<number | undefined, CodeRow[]>();
  for (const row of rows.value) found.set(row.line, [...(found.get(row.line) ?? []), row]);
  return found;
}

export function AssemblerEditor() {
  const words = texts.value.assembler;
  const numbers = useRef<HTMLPreElement>(null);
  const notes = useRef<HTMLPreElement>(null);
  const failed = failedLine();
  const lines = source.value.split('\n');
  const byLine = rowsByLine();
  const follow = ({ currentTarget: { scrollTop } }: { currentTarget: HTMLTextAreaElement }): void => {
    for (const { current } of [numbers, notes]) if (current) current.scrollTop = scrollTop;
  };
  const marked = (line: number): string => (line === failed ? '✕' : String(line));
  return (
    <>
      <div class="editor">
        <pre ref={numbers} class="editor-numbers" aria-hidden="true">
          {lines.map((_, index) => (
            <span key={index} class={index + 1 === failed ? 'bad' : undefined}>
              {`${marked(index + 1)}\n`}
            </span>
          ))}
        </pre>
        <textarea
          id={ID}
          class="mono"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          wrap="off"
          rows={18}
          aria-label={words.source}
          aria-describedby="editor-help"
          aria-invalid={failed !== undefined}
          value={source.value}
          onScroll={follow}
          onInput={({ currentTarget }) => writeSource(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            void run();
          }}
        />
        <pre ref={notes} class="editor-notes" aria-hidden="true">
          {lines.map((_, index) => (
            <Note key={index} code={byLine.get(index + 1) ?? []} />
          ))}
        </pre>
      </div>
      <p class="soft small" id="editor-help">
        {words.editorHelp}
      </p>
    </>
  );
}
