/** Every board and precision: does it fit, how fast would it be; where not, why, and what would. */
import { useState } from 'preact/hooks';
import { findBoard } from '../../src/chip/boards/index.ts';
import type { Fit } from '../../src/firmware/index.ts';
import { ownPrecision } from '../../src/quantize/index.ts';
import { board, context, part, precision } from '../state/address.ts';
import { report, reportFailure, reporting, whyNot } from '../state/model.ts';
import { tellStory } from '../state/story.ts';
import { formatBytes, formatNumber, formatRate, texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';
import { PRUNER_TEXT } from './pruner.tsx';
import { saveFile } from './save.ts';

export function FitTable() {
  const words = texts.value.fits;
  const made = report.value;
  return (
    <section class="section" aria-labelledby="fits" aria-busy={reporting.value}>
      <div class="section-head">
        <h2 id="fits">{words.heading}</h2>
        {made && (
          <button
            type="button"
            class="quiet"
            onClick={() => saveFile(`${made.file}.json`, JSON.stringify(made, null, 2), 'application/json')}
          >
            {words.save}
          </button>
        )}
      </div>
      {reportFailure.value && <Failure error={reportFailure.value} />}
      {made?.fits.some((fit) => isShortened(fit, made.config.context)) && (
        <p class="soft small">{words.help}</p>
      )}
      {made ? (
        <div class="scroll">
          <table class="fits" data-fits={made.file}>
            <thead>
              <tr>
                <th scope="col">{words.board}</th>
                <th scope="col">{words.precision}</th>
                <th scope="col" class="number">
                  {words.context}
                </th>
                <th scope="col" class="number">
                  {words.speed}
                </th>
                <th scope="col">{words.memory}</th>
                <th scope="col">
                  <span class="hidden">{words.action}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {made.fits
                .toSorted((one, other) => order(made.fits, one) - order(made.fits, other))
                .map((fit) => (
                  <FitRow
                    key={`${fit.board} ${fit.precision}`}
                    fit={fit}
                    all={made.fits}
                    whole={made.config.context}
                    own={ownPrecision(made)}
                  />
                ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p class="soft" role="status">
          {reporting.value && words.planning}
        </p>
      )}
    </section>
  );
}

const isShortened = ({ context: positions, shorter }: Fit, whole: number): boolean =>
  shorter !== undefined || (positions > 0 && positions < whole);

/** Boards in the order of their table, each with its precisions together. */
const order = (fits: readonly Fit[], fit: Fit): number =>
  fits.findIndex(({ board: other }) => other === fit.board) * fits.length + fits.indexOf(fit);

const REGIONS = { sram: 'SRAM', flash: 'flash', psram: 'PSRAM' } as const;

function memoryText({ memory }: Fit): string {
  return Object.entries(REGIONS)
    .flatMap(([region, title]) => {
      const bytes = memory[region as keyof typeof REGIONS];
      return bytes ? [`${title} ${formatBytes(bytes)}`] : [];
    })
    .join(', ');
}

interface RowProps {
  fit: Fit;
  all: readonly Fit[];
  /** Positions that the checkpoint knows. */
  whole: number;
  /** The precision that it was trained for. */
  own: Fit['precision'];
}

function FitRow({ fit, all, whole, own }: RowProps) {
  const words = texts.value.fits;
  const fits = fit.context > 0;
  const isFirst = all.find(({ board: other }) => other === fit.board) === fit;
  return (
    <tr class={isFirst ? 'first' : undefined} data-fit={`${fit.board} ${fit.precision}`}>
      <th scope="row">
        <span class={isFirst ? undefined : 'hidden'}>{findBoard(fit.board).name}</span>
      </th>
      <td data-label={words.precision}>
        {fit.precision} {fit.precision === own && <span class="tag">{words.own}</span>}
      </td>
      {fits ? (
        <>
          <td class="number" data-label={words.context}>
            {fit.context < whole
              ? words.positionsOf(formatNumber(fit.context), formatNumber(whole))
              : formatNumber(fit.context)}
          </td>
          <td class="number" data-label={words.speed}>
            {fit.prediction ? formatRate(fit.prediction.tokensPerSecond) : ''}
          </td>
          <td class="soft" data-label={words.memory}>
            {memoryText(fit)}
          </td>
          <td class="actions">
            <TellButton fit={fit} label={words.tell} />
            {fit.shorter && (
              <TellButton
                fit={fit}
                positions={fit.shorter.context}
                label={words.shorter(formatNumber(fit.shorter.context))}
                speed={formatRate(fit.shorter.prediction.tokensPerSecond)}
              />
            )}
          </td>
        </>
      ) : (
        <Unfit fit={fit} all={all} />
      )}
    </tr>
  );
}

interface TellProps {
  fit: Fit;
  label: string;
  /** Fewer than fit. */
  positions?: number;
  /** Of those, predicted. */
  speed?: string;
}

function TellButton({ fit, label, positions, speed }: TellProps) {
  const tell = (): void => {
    board.value = fit.board;
    precision.value = fit.precision;
    context.value = positions;
    part.value = 'story';
    void tellStory();
  };
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`${label}: ${findBoard(fit.board).name}, ${fit.precision}`}
      onClick={tell}
    >
      {label}
      {speed && ` (${texts.value.fits.atSpeed(speed)})`}
    </button>
  );
}

/** Why not, for who wants to know; and the same board with another precision, where that fits, or the way to a smaller vocabulary. */
function Unfit({ fit, all }: { fit: Fit; all: readonly Fit[] }) {
  const words = texts.value.fits;
  const [reason, setReason] = useState<string>();
  const nearest = all.find((other) => other.board === fit.board && other.context > 0);
  const ask = async (): Promise<void> => {
    setReason(words.asking);
    setReason(await whyNot({ board: fit.board, precision: fit.precision }));
  };
  return (
    <>
      <td colSpan={3}>
        <b class="bad">{words.doesNotFit}</b>{' '}
        {reason === undefined ? (
          <button type="button" class="link" onClick={() => void ask()}>
            {words.why}
          </button>
        ) : (
          <pre class="reason">{reason}</pre>
        )}
      </td>
      <td class="actions">
        {nearest ? (
          <TellButton fit={nearest} label={`${words.asOther} ${nearest.precision}`} />
        ) : (
          <button
            type="button"
            class="quiet small"
            onClick={() => document.getElementById(PRUNER_TEXT)?.focus()}
          >
            {texts.value.pruner.heading}
          </button>
        )}
      </td>
    </>
  );
}
