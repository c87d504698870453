/** A WebAssembly module: which of its functions is called, and with what. */
import {
  chooseFunction,
  chosenFunction,
  functionArguments,
  openedModule,
  run,
  runSoon,
} from '../state/assembler.ts';
import { texts } from '../texts/index.ts';
import type { ModuleFunction } from '../worker/protocol.ts';

const signature = ({ params, results }: ModuleFunction): string =>
  `(${params.join(', ')}) → ${results.join(', ') || '()'}`;

export function AssemblerModule() {
  const words = texts.value.assembler;
  const { name, functions } = openedModule.value!;
  const chosen = functions.find((fn) => fn.name === chosenFunction.value);
  return (
    <>
      <h2>{name}</h2>
      <label class="field">
        <span>{words.function}</span>
        <select
          class="mono"
          value={chosenFunction.value}
          onChange={({ currentTarget }) => chooseFunction(currentTarget.value)}
        >
          {functions.map((fn) => (
            <option key={fn.name} value={fn.name}>
              {`${fn.name} ${signature(fn)}`}
            </option>
          ))}
        </select>
      </label>
      {chosen && chosen.params.length > 0 && (
        <label class="field">
          <span>{`${words.arguments} (${chosen.params.join(', ')})`}</span>
          <input
            type="text"
            class="mono"
            spellcheck={false}
            autocomplete="off"
            value={functionArguments.value}
            onInput={({ currentTarget }) => {
              functionArguments.value = currentTarget.value;
              runSoon();
            }}
          />
        </label>
      )}
      <p>
        <button
          type="button"
          class="quiet small"
          onClick={() => {
            openedModule.value = undefined;
            void run();
          }}
        >
          {words.backToText}
        </button>
      </p>
    </>
  );
}
