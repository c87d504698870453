/** Machine code with what became of each instruction: how often it ran, what it cost, and what it waited for. */
import { useMemo, useState } from 'preact/hooks';
import { openedModule, rows } from '../state/assembler.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { CodeRow } from '../worker/protocol.ts';
import { extraText } from './extra-text.ts';
import { usePieces } from './later.tsx';

const ADDRESS_RADIX = 16;
/** Rows that are shown at first, and more at every request: a module may have tens of thousands. */
const SHOWN = 2000;

export function AssemblerCode() {
  const words = texts.value.assembler;
  const isText = !openedModule.value;
  const all = rows.value;
  const [wanted, setWanted] = useState({ of: all.length, most: SHOWN });
  const most = wanted.of === all.length ? wanted.most : SHOWN;
  const pieces = usePieces(useMemo(() => all.slice(0, most), [all, most]));
  return (
    <div class="section">
      <h2 id="code">{words.code}</h2>
      {all.length === 0 ? (
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
            {pieces.map((piece) => (
              <Rows key={piece[0].address} rows={piece} isText={isText} />
            ))}
          </table>
        </section>
      )}
      {all.length > most && (
        <p>
          <button
            type="button"
            class="quiet small"
            onClick={() => setWanted({ of: all.length, most: most + SHOWN })}
          >
            {words.moreCode(formatNumber(all.length - most))}
          </button>
        </p>
      )}
    </div>
  );
}

const Rows = ({ rows, isText }: { rows: readonly CodeRow[]; isText: boolean }) => (
  <tbody>
    {rows.map((row) => (
      <Row key={row.address} row={row} isText={isText} />
    ))}
  </tbody>
);

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
