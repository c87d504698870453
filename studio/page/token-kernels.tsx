/** From a token to the kernels that made it, and from there to their machine code: what each instruction cost, and what it waited for. */
import { useEffect } from 'preact/hooks';
import type { ExplainedFunction } from '../../src/firmware/index.ts';
import { chosen, chosenKernel, kernels, kernelsFailure, lookAtKernels } from '../state/inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { CoreHeads } from './core-heads.tsx';
import { extraText } from './extra-text.ts';
import { Failure } from './failure.tsx';
import { usePieces } from './later.tsx';
import { visible } from './token-strip.tsx';

/** Functions named. */
const LISTED = 14;
const ADDRESS_RADIX = 16;

export function TokenKernels({ story }: { story: Told }) {
  const words = texts.value.inside;
  const index = chosen.value;
  useEffect(() => lookAtKernels(story, index), [story, index]);
  const token = story.tokens[index];
  const functions = kernels.value;
  const shown = functions?.find(({ name }) => name === chosenKernel.value) ?? functions?.[0];
  return (
    <section class="section" aria-labelledby="kernels" aria-busy={!functions}>
      <h2 id="kernels">
        {words.kernels} <span class="token-name">{visible(token?.text ?? '')}</span>
      </h2>
      <p class="soft small">{words.kernelsHelp}</p>
      {kernelsFailure.value && <Failure error={kernelsFailure.value} />}
      {!functions && !kernelsFailure.value && (
        <p class="soft" role="status">
          {words.lookingAgain}
        </p>
      )}
      {functions && shown && (
        <div class="kernels" data-kernels={index}>
          <Functions functions={functions} shown={shown} />
          <Instructions shown={shown} />
        </div>
      )}
    </section>
  );
}

function Functions({
  functions,
  shown,
}: {
  functions: readonly ExplainedFunction[];
  shown: ExplainedFunction;
}) {
  const words = texts.value.inside;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{words.function}</th>
            <CoreHeads />
          </tr>
        </thead>
        <tbody>
          {functions.slice(0, LISTED).map(({ name, cycles }) => (
            <tr
              key={name}
              class={name === shown.name ? 'first said' : 'first'}
              onPointerEnter={({ pointerType }) => {
                if (pointerType === 'mouse') chosenKernel.value = name;
              }}
            >
              <th scope="row">
                <button
                  type="button"
                  class="link mono"
                  aria-pressed={name === shown.name}
                  onFocus={() => {
                    chosenKernel.value = name;
                  }}
                  onClick={() => {
                    chosenKernel.value = name;
                  }}
                >
                  {name}
                </button>
              </th>
              <td class="number">{formatNumber(cycles[0])}</td>
              <td class="number">{formatNumber(cycles[1])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Instructions({ shown: { name, lines } }: { shown: ExplainedFunction }) {
  const words = texts.value.inside;
  const { instruction, extras } = texts.value.assembler;
  const pieces = usePieces(lines);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll code-scroll" tabIndex={0} aria-label={words.codeOf(name)}>
      <table class="code" data-code={name}>
        <thead>
          <tr>
            <CoreHeads />
            <th scope="col">{texts.value.assembler.address}</th>
            <th scope="col">{instruction}</th>
            <th scope="col">{extras}</th>
          </tr>
        </thead>
        {pieces.map((piece) => (
          <Lines key={piece[0].address} lines={piece} />
        ))}
      </table>
    </section>
  );
}

const Lines = ({ lines }: Pick<ExplainedFunction, 'lines'>) => (
  <tbody>
    {lines.map(({ address, text, cores: [first, second] }) => (
      <tr key={address} class={first || second ? undefined : 'idle'}>
        <td class="number">{first && formatNumber(first.cycles)}</td>
        <td class="number">{second && formatNumber(second.cycles)}</td>
        <td class="soft">{address.toString(ADDRESS_RADIX)}</td>
        <td class="instruction">{text}</td>
        <td>{(first ?? second)?.extras.map(extraText).join(', ')}</td>
      </tr>
    ))}
  </tbody>
);
