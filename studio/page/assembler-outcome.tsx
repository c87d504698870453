/** How a run ended, and what it left in the registers. */
import { failedLine } from '../state/assembler.ts';
import type { RoomError } from '../state/room-error.ts';
import { formatNumber, texts } from '../texts/index.ts';
import type { ProgramReport } from '../worker/protocol.ts';
import { Failure } from './failure.tsx';

interface OutcomeProps {
  report: ProgramReport | undefined;
  failure: RoomError | undefined;
  isRunning: boolean;
  onLine(line: number): void;
}

export function AssemblerOutcome({ report, failure, isRunning, onLine }: OutcomeProps) {
  const words = texts.value.assembler;
  const line = failedLine();
  return (
    <>
      <p role="status" data-outcome={isRunning ? 'running' : failure ? 'failed' : report ? 'ended' : 'none'}>
        {isRunning ? words.running : report && summary(report)}
      </p>
      {failure && !isRunning && (
        <>
          <Failure error={failure} />
          {line !== undefined && (
            <button type="button" class="quiet small" onClick={() => onLine(line)}>
              {words.toLine(line)}
            </button>
          )}
        </>
      )}
      {report && !failure && <Results report={report} />}
    </>
  );
}

function summary({ exitCode, cycles, instructions }: ProgramReport): string {
  const words = texts.value.assembler;
  const counts = [formatNumber(cycles), formatNumber(instructions)] as const;
  return exitCode === undefined ? words.returned(...counts) : words.exited(exitCode, ...counts);
}

function Results({
  report: { registers, results, output, explained, instructions },
}: {
  report: ProgramReport;
}) {
  const words = texts.value.assembler;
  return (
    <>
      {explained < instructions && <p class="soft small">{words.onlyFirst(formatNumber(explained))}</p>}
      {results && (
        <>
          <h2>{words.result}</h2>
          <p class="mono" data-results>
            {results.join(', ') || words.none}
          </p>
        </>
      )}
      {output !== '' && (
        <>
          <h2>{words.output}</h2>
          <pre class="assembly">{output}</pre>
        </>
      )}
      {!results && (
        <>
          <h2>{words.changed}</h2>
          {registers.length === 0 ? (
            <p class="soft">{words.none}</p>
          ) : (
            <table class="registers">
              <thead>
                <tr>
                  <th scope="col">{words.register}</th>
                  <th scope="col">{words.value}</th>
                  <th scope="col">{words.bits}</th>
                </tr>
              </thead>
              <tbody>
                {registers.map(({ name, value, bits }) => (
                  <tr key={name} data-register={name}>
                    <th scope="row" class="mono">
                      {name}
                    </th>
                    <td class="mono">{value}</td>
                    <td class="mono bits">{bits}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </>
      )}
    </>
  );
}
