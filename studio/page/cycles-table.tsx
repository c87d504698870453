/** Where the cycles went: functions by core, and the machine code of one with the cycles of its parts. */
import { listing, toggleListing } from '../state/inside.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { CoreHeads } from './core-heads.tsx';

/** Functions named; the rest is summed up. */
const LISTED = 12;
const ADDRESS_RADIX = 16;
const ELSEWHERE = 'ROM and elsewhere';

type Row = Told['profile'][number];

export function CyclesTable({ story }: { story: Told }) {
  const words = texts.value.inside;
  const total = story.profile.reduce((sum, { cycles }) => sum + cycles[0] + cycles[1], 0);
  const rest = story.profile.slice(LISTED);
  const sum = (core: 0 | 1): number => rest.reduce((cycles, row) => cycles + row.cycles[core], 0);
  return (
    <section class="section" aria-labelledby="cycles">
      <h2 id="cycles">{words.cycles}</h2>
      <p class="soft small">{words.cyclesHelp}</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{words.function}</th>
              <CoreHeads />
              <th scope="col">{words.share}</th>
            </tr>
          </thead>
          <tbody>
            {story.profile.slice(0, LISTED).map((row) => (
              <FunctionRows key={row.name} row={row} passes={story.passes} total={total} />
            ))}
            {rest.length > 0 && (
              <tr class="first">
                <th scope="row">{words.else}</th>
                <td class="number">{formatNumber(sum(0) / story.passes)}</td>
                <td class="number">{formatNumber(sum(1) / story.passes)}</td>
                <Share part={sum(0) + sum(1)} total={total} />
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function FunctionRows({ row, passes, total }: { row: Row; passes: number; total: number }) {
  const isOpen = listing.value?.name === row.name;
  return (
    <>
      <tr class="first">
        <th scope="row">
          {row.name === ELSEWHERE ? (
            row.name
          ) : (
            <button
              type="button"
              class="link mono"
              aria-expanded={isOpen}
              onClick={() => void toggleListing(row.name)}
            >
              {row.name}
            </button>
          )}
        </th>
        <td class="number">{formatNumber(row.cycles[0] / passes)}</td>
        <td class="number">{formatNumber(row.cycles[1] / passes)}</td>
        <Share part={row.cycles[0] + row.cycles[1]} total={total} />
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={4}>
            <Assembly row={row} passes={passes} />
          </td>
        </tr>
      )}
    </>
  );
}

function Share({ part, total }: { part: number; total: number }) {
  const percent = (100 * part) / total;
  return (
    <td class="share">
      <span class="bar" style={{ width: `${percent}%` }} /> {formatNumber(percent, 1)} %
    </td>
  );
}

/** Cycles stand where a stretch of code begins that is run at once: an entry, or what follows a call. */
function Assembly({ row, passes }: { row: Row; passes: number }) {
  const words = texts.value.inside;
  const byAddress = new Map(row.places.map(({ address, cycles }) => [address, cycles]));
  const figure = (cycles: number | undefined): string =>
    (cycles === undefined ? '' : formatNumber(cycles / passes)).padStart(9);
  const lines = listing.value!.lines.map(({ address, text }) => {
    const cycles = byAddress.get(address);
    return `${figure(cycles?.[0])}${figure(cycles?.[1])}  ${address.toString(ADDRESS_RADIX)}  ${text}`;
  });
  return (
    <>
      <p class="soft small">{words.assemblyHelp}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="assembly" tabIndex={0} aria-label={words.assemblyHelp}>
        <pre>{lines.join('\n')}</pre>
      </section>
    </>
  );
}
