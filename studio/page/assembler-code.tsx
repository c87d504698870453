/** Machine code with what became of each instruction: how often it ran, what it cost, and what it waited for. */
import { openedModule, rows } from '../state/assembler.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { CodeRow } from '../worker/protocol.ts';
import { extraText } from './extra-text.ts';

const ADDRESS_RADIX = 16;

export function AssemblerCode() {
  const words = texts.value.assembler;
  const isText = !openedModule.value;
  return (
    <div class="section">
      <h2 id="code">{words.code}</h2>
      {rows.value.length === 0 ? (
        <p class="soft">{words.noCode}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll code-scroll" tabIndex={0} aria-labelledby="code">
          <table class="code">
            <thead>
              <tr>
                {isText && (
                  <th scope="col" class="number">
                    {words.line}
                  </th>
                )}
                <th scope="col">{words.address}</th>
                <th scope="col">{words.bytes}</th>
                <th scope="col">{words.instruction}</th>
                <th scope="col" class="number">
                  {words.times}
                </th>
                <th scope="col" class="number">
                  {words.cycles}
                </th>
                <th scope="col">{words.extras}</th>
              </tr>
            </thead>
            <tbody>
              {rows.value.map((row) => (
                <Row key={row.address} row={row} isText={isText} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function Row({ row, isText }: { row: CodeRow; isText: boolean }) {
  const ran = row.times > 0;
  return (
    <>
      {row.labels.map((label) => (
        <tr key={label}>
          <th scope="rowgroup" colSpan={isText ? 7 : 6} class="label">
            {label}:
          </th>
        </tr>
      ))}
      <tr class={ran ? undefined : 'idle'} data-address={row.address.toString(ADDRESS_RADIX)}>
        {isText && <td class="number soft">{row.line}</td>}
        <td class="soft">{row.address.toString(ADDRESS_RADIX)}</td>
        <td class="soft">{row.bytes}</td>
        <td class="instruction">{row.text.replace('\t', ' ')}</td>
        <td class="number">{ran && formatNumber(row.times)}</td>
        <td class="number">{ran && formatNumber(row.cycles)}</td>
        <td>{row.extras.map(extraText).join(', ')}</td>
      </tr>
    </>
  );
}
