/** A board with other memory than its row of the table says: modules of one name are sold with several. */
import { UsageError } from '../../errors.ts';
import type { Board } from './boards.ts';

const MB = 1 << 20;

/** Megabytes that chips of each kind are sold with. */
export const FLASH_SIZES = [2, 4, 8, 16, 32] as const;
export const PSRAM_SIZES: Readonly<Record<'octal' | 'quad', readonly number[]>> = {
  octal: [2, 4, 8, 16, 32],
  quad: [2, 4, 8],
};
/** What most modules with such PSRAM have. */
const USUAL = { octal: 8, quad: 2 } as const;

export interface MemoryChoice {
  /** Megabytes. */
  flashSize?: number;
  psram?: 'octal' | 'quad' | 'none';
  /** Megabytes. */
  psramSize?: number;
  /** MHz that PSRAM is tried at. */
  psramClock?: 40 | 80 | 120;
}

/** @throws UsageError for memory that no module has, a size of PSRAM without its kind, or a clock of none */
export function withMemory(board: Board, { psramClock, ...sizes }: MemoryChoice): Board {
  const sized = withSizes(board, sizes);
  if (psramClock === undefined) return sized;
  if (!sized.psramMode) throw new UsageError(`--psram-clock is for PSRAM, and ${sized.name} has none`);
  return { ...sized, psramMegahertz: psramClock };
}

function withSizes(board: Board, { flashSize, psram, psramSize }: Omit<MemoryChoice, 'psramClock'>): Board {
  if (flashSize === undefined && psram === undefined && psramSize === undefined) return board;
  const flashBytes = flashSize === undefined ? board.flashBytes : flashSize * MB;
  const psramMode = psram === undefined ? board.psramMode : psram === 'none' ? undefined : psram;
  if (psramMode === undefined) {
    if (psramSize !== undefined)
      throw new UsageError(
        psram === 'none'
          ? '--psram none and --psram-size contradict each other'
          : `${board.name} has no PSRAM; say which kind yours has with --psram octal or --psram quad`,
      );
    return named({
      ...board,
      flashBytes,
      psramBytes: 0,
      psramMode,
      package: { ...board.package, psramBytes: 0 },
    });
  }
  const isSameKind = psramMode === board.psramMode;
  const size = psramSize ?? (isSameKind ? board.psramBytes / MB : USUAL[psramMode]);
  if (!PSRAM_SIZES[psramMode].includes(size))
    throw new UsageError(
      `no ESP32-S3 has ${size} MB of ${psramMode} PSRAM; sizes are ${PSRAM_SIZES[psramMode].join(', ')}`,
    );
  const psramBytes = size * MB;
  return named({ ...board, flashBytes, psramBytes, psramMode, package: { ...board.package, psramBytes } });
}

const named = (board: Board): Board => {
  const { flashBytes, psramBytes, psramMode } = board;
  const psram = psramMode === undefined ? 'no PSRAM' : `${psramBytes / MB} MB of ${psramMode} PSRAM`;
  return { ...board, name: `${board.name} with ${flashBytes / MB} MB of flash and ${psram}` };
};
