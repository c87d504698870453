/** The text of a kernel, with the cycles of each line beside it, and what is wrong at its line. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { failedLine, rows, run, runFailure, source, writeSource } from '../state/assembler.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { CodeRow } from '../worker/protocol.ts';
import { type AssemblerView, type LineNote, openAssemblerView } from './assembler-view.ts';
import { extraText } from './extra-text.ts';

let view: AssemblerView | undefined;

/** Puts the caret into a line, counted from 1. */
export const focusLine = (line: number): void => view?.choose(line);

/** Cycles of a line and what it waits for most, where its instructions have run. */
function noteOf(line: number, code: readonly CodeRow[]): LineNote {
  const cycles = code.reduce((sum, row) => sum + row.cycles, 0);
  const [most] = code.flatMap(({ extras }) => extras).toSorted((one, other) => other.cycles - one.cycles);
  return { line, cycles: cycles > 0 ? formatNumber(cycles) : '', reason: most ? extraText(most) : '' };
}

function notesOf(all: readonly CodeRow[]): LineNote[] {
  const byLine = new Map<number, CodeRow[]>();
  for (const row of all)
    if (row.line !== undefined) byLine.set(row.line, [...(byLine.get(row.line) ?? []), row]);
  return Array.from(byLine, ([line, code]) => noteOf(line, code));
}

export function AssemblerEditor() {
  const words = texts.value.assembler;
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    const opened = openAssemblerView({
      root,
      name: words.source,
      help: words.editorHelp,
      onText: writeSource,
      onRun: () => void run(),
    });
    view = opened;
    const stops = [
      effect(() => opened.show(source.value)),
      effect(() => opened.note(notesOf(rows.value))),
      effect(() => {
        const line = failedLine();
        opened.fail(line === undefined ? undefined : { line, message: runFailure.value!.message });
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      opened.close();
      view = undefined;
    };
  }, [words]);
  return (
    <>
      <div ref={host} />
      <p class="soft small">{words.editorHelp}</p>
    </>
  );
}
