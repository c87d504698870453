/** What each board of a model over several has and does, and how they are wired. */
import { type Chain, type Firmware, layersText } from '../firmware/index.ts';
import { formatSpeed } from './memory-report.ts';
import { formatTable, kilobytes, thousands } from './table.ts';

const percent = (share: number): string => `${Math.round(100 * share)} %`;

const bytesIn = ({ memoryMap }: Firmware, name: string): number =>
  memoryMap.regions
    .find((region) => region.name === name)
    ?.entries.filter(({ purpose }) => purpose === 'weights')
    .reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;

/** A line a board, one for the wires, and the speeds that follow. */
export function formatBoards({ images, prediction, alone }: Chain): string {
  const { cyclesPerToken, linkCycles, tokensPerSecond, positions, boards } = prediction;
  const row = (image: Firmware, index: number): string[] => {
    const { first, layers } = image.part!;
    const elsewhere = bytesIn(image, 'flash') + bytesIn(image, 'psram');
    return [
      String(index + 1),
      `${index === 1 ? 'embedding, ' : ''}${layersText(first, layers)}${index === 0 ? ', classifier, console' : ''}`,
      kilobytes(bytesIn(image, 'sram')),
      elsewhere > 0 ? kilobytes(elsewhere) : '',
      percent(boards[index].cyclesPerToken / cyclesPerToken),
    ];
  };
  const table = formatTable(
    [
      ['board', 'has', 'weights in SRAM', 'beyond it', 'of the time'],
      ...images.map(row),
      ['', 'the wires between them', '', '', percent(linkCycles / cyclesPerToken)],
    ],
    '  ',
  );
  const single = alone
    ? `one board alone: ${formatSpeed(alone.tokensPerSecond)}`
    : 'one board alone does not hold the model';
  return `${table}\n\n  predicted: ${formatSpeed(tokensPerSecond)} tokens/s, mean of ${positions} (${thousands(cyclesPerToken)} cycles a token); ${single}`;
}

/** Which pins to connect. */
export function formatWires(images: readonly Firmware[]): string {
  const { tx, rx } = images[0].board.link;
  const wires = images.map(
    (_, index) =>
      `GPIO${tx} of board ${index + 1} to GPIO${rx} of board ${((index + 1) % images.length) + 1}`,
  );
  return `  Connect ${wires.join(', ')}, and GND of all boards. You talk to board 1.`;
}
