/**
 * The bytes on their way into the flash, in pieces: each is compressed, written and verified by its MD5. esptool-js has a function for
 * that, too; it compresses the whole image at once and unpacks it again byte by byte to know how long a block may take, which keeps a
 * page's thread busy for up to seconds. Here the platform compresses, beside the thread, and a piece is so small that no block of it
 * takes long to write.
 */
import { md5 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Bytes for one place in the flash. */
export interface FlashPart {
  address: number;
  data: Uint8Array;
}

/** What of the loader is needed here (esptool-js's ESPLoader; its types want Web Serial's, which our users should not have to install). */
interface FlashWriter {
  readonly FLASH_WRITE_SIZE: number;
  readonly ERASE_WRITE_TIMEOUT_PER_MB: number;
  timeoutPerMb(secondsPerMb: number, bytes: number): number;
  flashDeflBegin(bytes: number, packedBytes: number, address: number): Promise<number>;
  flashDeflBlock(data: Uint8Array, block: number, timeout: number): Promise<void>;
  flashDeflFinish(reboot: boolean, timeout: number): Promise<void>;
  flashMd5sum(address: number, bytes: number): Promise<string>;
}

/** Whole sectors, in bytes. */
const PIECE = 1 << 17;
/** What the stub writes at once. */
const WORD = 4;
const ERASED = 0xff;

export async function writeFlash(
  loader: FlashWriter,
  parts: readonly FlashPart[],
  onProgress: (done: number, total: number) => void = () => {},
): Promise<void> {
  const pieces = parts.flatMap(piecesOf);
  const total = pieces.reduce((sum, { data }) => sum + data.length, 0);
  let done = 0;
  for (const piece of pieces) {
    await writePiece(loader, piece, (share) => onProgress(done + share * piece.data.length, total));
    done += piece.data.length;
  }
}

function piecesOf({ address, data }: FlashPart): FlashPart[] {
  return Array.from({ length: Math.ceil(data.length / PIECE) }, (_, index) => ({
    address: address + PIECE * index,
    data: padded(data.subarray(PIECE * index, PIECE * (index + 1))),
  }));
}

function padded(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(data.length / WORD) * WORD).fill(ERASED);
  whole.set(data);
  return whole;
}

async function writePiece(
  loader: FlashWriter,
  { address, data }: FlashPart,
  onShare: (share: number) => void,
): Promise<void> {
  const packed = await deflated(data);
  const most = loader.timeoutPerMb(loader.ERASE_WRITE_TIMEOUT_PER_MB, data.length);
  const blocks = await loader.flashDeflBegin(data.length, packed.length, address);
  for (let block = 0; block < blocks; block++) {
    const from = block * loader.FLASH_WRITE_SIZE;
    await loader.flashDeflBlock(packed.subarray(from, from + loader.FLASH_WRITE_SIZE), block, most);
    onShare((block + 1) / blocks);
  }
  await loader.flashDeflFinish(false, most);
  if ((await loader.flashMd5sum(address, data.length)) !== bytesToHex(md5(data)))
    throw new Error('the MD5 of the flash is another one');
}

async function deflated(data: Uint8Array): Promise<Uint8Array> {
  const packed = new Blob([Uint8Array.from(data)]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
