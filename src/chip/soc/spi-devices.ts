/** The chips on the memory SPI bus, as SPI1's commands see them (W25Q-class flash; AP Memory PSRAM, docs/esp32-s3.md B6). */

export interface SpiTransaction {
  /** Opcode (8 or 16 bits), or -1 without a command phase. */
  readonly command: number;
  /** By which the command comes. */
  readonly lines: number;
  readonly address: number;
  readonly addressBits: number;
  readonly sent: Uint8Array;
  /** Bytes to read back. */
  readonly wanted: number;
}

export interface SpiDevice {
  /** @returns `wanted` bytes. */
  transact(transaction: SpiTransaction): Uint8Array;
}

const SECTOR_BYTES = 4096;
const BLOCK_BYTES = 65536;
const PAGE_BYTES = 256;
const STATUS_WEL = 2;

export interface FlashChip extends SpiDevice {
  /** Manufacturer, type and log2 of the size, as command 0x9F gives them. */
  readonly id: number;
}

/** @param changed is told which bytes of flash a command changed. */
export function createFlashChip(
  contents: Uint8Array,
  changed: (offset: number, bytes: number) => void,
): FlashChip {
  let writeEnabled = false;
  let status2 = 0x02; // QE
  const sizeCode = Math.round(Math.log2(contents.length));
  const id = 0xef | (0x40 << 8) | (sizeCode << 16);

  const erase = (address: number, bytes: number) => {
    if (!writeEnabled) return;
    const start = (address % contents.length) & -bytes;
    contents.fill(0xff, start, start + bytes);
    changed(start, bytes);
    writeEnabled = false;
  };
  const program = (address: number, bytes: Uint8Array) => {
    if (!writeEnabled) return;
    const page = (address % contents.length) & -PAGE_BYTES;
    bytes.forEach((byte, index) => {
      contents[page + ((address + index) & (PAGE_BYTES - 1))] &= byte;
    });
    changed(page, PAGE_BYTES);
    writeEnabled = false;
  };
  const read = (address: number, wanted: number) =>
    Uint8Array.from({ length: wanted }, (_, index) => contents[(address + index) % contents.length]);

  return {
    id,
    transact({ command, address, sent, wanted }) {
      switch (command & 0xff) {
        case 0x03:
        case 0x0b:
        case 0x3b:
        case 0x6b:
        case 0xbb:
        case 0xeb:
          return read(address & 0xffffff, wanted);
        case 0x9f:
          return Uint8Array.from({ length: wanted }, (_, index) => (id >>> (8 * (index % 3))) & 0xff);
        case 0x05:
          return new Uint8Array(wanted).fill(writeEnabled ? STATUS_WEL : 0);
        case 0x35:
          return new Uint8Array(wanted).fill(status2);
        case 0x31:
          status2 = sent[0] ?? status2;
          break;
        case 0x06:
          writeEnabled = true;
          break;
        case 0x04:
          writeEnabled = false;
          break;
        case 0x02:
          program(address & 0xffffff, sent);
          break;
        case 0x20:
          erase(address & 0xffffff, SECTOR_BYTES);
          break;
        case 0xd8:
          erase(address & 0xffffff, BLOCK_BYTES);
          break;
        case 0xc7:
        case 0x60:
          erase(0, contents.length);
          break;
      }
      return new Uint8Array(wanted);
    },
  };
}

/** Octal PSRAM (OPI, DTR): mode registers and linear reads and writes. */
export function createOctalPsram(
  contents: Uint8Array,
  changed: (offset: number, bytes: number) => void,
): SpiDevice {
  const VENDOR_AP = 0x0d;
  const density: Readonly<Record<number, number>> = { 4: 1, 8: 3, 16: 5, 32: 7 };
  const modes = new Uint8Array(9);
  modes[1] = VENDOR_AP;
  modes[2] = density[contents.length >>> 20] ?? 3;
  return {
    transact({ command, address, sent, wanted }) {
      const at = (index: number) => (address + index) % contents.length;
      switch (command & 0xffff) {
        case 0x4040: // mode register read; two registers follow each other
          return Uint8Array.from({ length: wanted }, (_, index) => modes[(address + index) % modes.length]);
        case 0xc0c0:
          if (sent.length > 0 && address < modes.length && address !== 1 && address !== 2)
            modes[address] = sent[0];
          return new Uint8Array(wanted);
        case 0x8080:
          sent.forEach((byte, index) => {
            contents[at(index)] = byte;
          });
          changed(address % contents.length, sent.length);
          return new Uint8Array(wanted);
        case 0x0000:
          return Uint8Array.from({ length: wanted }, (_, index) => contents[at(index)]);
      }
      return new Uint8Array(wanted).fill(0xff);
    },
  };
}

/** Quad PSRAM (ESP-PSRAM64-class): identification, reads and writes, by one line or by four; to commands by the other number of lines it is deaf. */
export function createQuadPsram(
  contents: Uint8Array,
  changed: (offset: number, bytes: number) => void,
): SpiDevice {
  const KGD_GOOD = 0x5d;
  const density: Readonly<Record<number, number>> = { 2: 0, 4: 1, 8: 2 };
  const id = [0x0d, KGD_GOOD, (density[contents.length >>> 20] ?? 2) << 5];
  let listensTo = 1;
  return {
    transact({ command, lines, address, sent, wanted }) {
      if (lines !== listensTo) return new Uint8Array(wanted).fill(0xff);
      const at = (index: number) => (address + index) % contents.length;
      switch (command & 0xff) {
        case 0x35:
          listensTo = 4;
          break;
        case 0xf5:
          listensTo = 1;
          break;
        case 0x9f:
          return Uint8Array.from({ length: wanted }, (_, index) => id[index] ?? 0);
        case 0x03:
        case 0x0b:
        case 0xeb:
          return Uint8Array.from({ length: wanted }, (_, index) => contents[at(index)]);
        case 0x02:
        case 0x38:
          sent.forEach((byte, index) => {
            contents[at(index)] = byte;
          });
          changed(address % contents.length, sent.length);
          break;
      }
      return new Uint8Array(wanted);
    },
  };
}
