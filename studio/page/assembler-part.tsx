/** The assembler corner: a kernel or a WebAssembly module in; machine code, cycles by instruction and waits out. */
import { useEffect } from 'preact/hooks';
import {
  chosenExample,
  isRunning,
  openedModule,
  openModuleFile,
  openText,
  registers,
  rest,
  run,
  runFailure,
  runReport,
  runSoon,
  source,
  takeGiven,
} from '../state/assembler.ts';
import { chosenFiles } from '../state/drop.ts';
import { givenProgram } from '../state/program.ts';
import { texts } from '../texts/index.ts';
import { AssemblerCode } from './assembler-code.tsx';
import { AssemblerEditor, focusLine } from './assembler-editor.tsx';
import { exampleModule, examples } from './assembler-examples.ts';
import { AssemblerModule } from './assembler-module.tsx';
import { AssemblerOutcome } from './assembler-outcome.tsx';
import { Page } from './page.tsx';

type ExampleName = keyof typeof examples;
const names = Object.keys(examples) as ExampleName[];
const MODULE = 'module';

function openExample(name: string): void {
  chosenExample.value = name;
  if (name === MODULE) void openModuleFile(exampleModule.name, exampleModule.bytes(), exampleModule.args);
  const example = examples[name as ExampleName];
  if (example) openText(example.source, 'registers' in example ? example.registers : '');
}

export function AssemblerPart() {
  const words = texts.value.assembler;
  const given = givenProgram.value;
  useEffect(() => {
    if (given) void takeGiven();
    else if (!source.value && !openedModule.value) openExample(names[0]);
  }, [given]);
  useEffect(() => rest, []);
  return (
    <Page words={words}>
      <Choices />
      <div class="assembler">
        <section class="card" aria-label={openedModule.value?.name ?? words.source}>
          {openedModule.value ? <AssemblerModule /> : <AssemblerEditor />}
          {!openedModule.value && <Registers />}
          <button type="button" class="primary" onClick={() => void run()}>
            {words.run}
          </button>
        </section>
        <section class="card outcome" aria-label={words.result} aria-busy={isRunning.value}>
          <AssemblerOutcome
            report={runReport.value}
            failure={runFailure.value}
            isRunning={isRunning.value}
            onLine={focusLine}
          />
        </section>
      </div>
      <AssemblerCode />
    </Page>
  );
}

function Choices() {
  const words = texts.value.assembler;
  const open = (input: HTMLInputElement): void => {
    [givenProgram.value] = chosenFiles(input.files).files;
    chosenExample.value = '';
    input.value = '';
  };
  return (
    <div class="assembler-choices">
      <label class="field">
        <span>{words.examples}</span>
        <select
          value={chosenExample.value}
          onChange={({ currentTarget }) => openExample(currentTarget.value)}
        >
          <option value="" hidden>
            {words.own}
          </option>
          {[...names, MODULE as typeof MODULE].map((name) => (
            <option key={name} value={name}>
              {words.example[name]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{words.open}</span>
        <input type="file" accept=".s,.S,.asm,.wasm" onChange={({ currentTarget }) => open(currentTarget)} />
        <span class="small">{words.openHelp}</span>
      </label>
    </div>
  );
}

function Registers() {
  const words = texts.value.assembler;
  return (
    <label class="field">
      <span>{words.registers}</span>
      <input
        type="text"
        class="mono"
        spellcheck={false}
        autocomplete="off"
        value={registers.value}
        aria-describedby="registers-help"
        onInput={({ currentTarget }) => {
          registers.value = currentTarget.value;
          runSoon();
        }}
      />
      <span class="small" id="registers-help">
        {words.registersHelp}
      </span>
    </label>
  );
}
