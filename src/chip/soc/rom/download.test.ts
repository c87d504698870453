import { describe, expect, it } from 'vitest';
import { RESET_REASON } from '../reset-reasons.ts';
import { assembleSegment, bootChip, buildImage, FOREVER, WATCHDOGS_OFF } from '../test-image.ts';

const END = 0xc0;
const word = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** A request as a tool frames it; `data` after the block header counts for the checksum of *_DATA. */
function frame(op: number, payload: readonly number[], checksum = 0): Uint8Array {
  const plain = [0, op, payload.length & 0xff, payload.length >> 8, ...word(checksum), ...payload];
  const escaped = plain.flatMap((byte) =>
    byte === END ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte],
  );
  return Uint8Array.from([END, ...escaped, END]);
}
const sync = frame(0x08, [0x07, 0x07, 0x12, 0x20, ...new Array(32).fill(0x55)]);

/** A chip in download mode, past its log lines. */
function downloadChip() {
  const { chip, output } = bootChip(new Uint8Array(0), { strap: 7 });
  chip.run({ until: () => output().endsWith('wait uart0 download\r\n'), untilSeconds: 1 });
  const start = output().length;
  const bytes: number[] = [];
  chip.uart0.onOutput((byte) => bytes.push(byte));
  return {
    chip,
    output: () => output().slice(start),
    /** Sends a frame and returns the bytes that come back. */
    ask(request: Uint8Array, seconds = 0.1) {
      bytes.length = 0;
      chip.uart0.receive(request);
      chip.run({ untilSeconds: chip.seconds + seconds });
      return Buffer.from(bytes).toString('hex');
    },
  };
}

describe('the serial loader on UART0', () => {
  it('answers SYNC eight times', () => {
    const { ask } = downloadChip();
    expect(ask(sync)).toBe('c0010804000707122000000000c0'.repeat(8));
  });

  it('reads the word that tells the chip', () => {
    const { ask } = downloadChip();
    ask(sync);
    expect(ask(frame(0x0a, word(0x40001000)))).toBe('c0010a04000900000000000000c0');
  });

  it('changes the rate after its answer', () => {
    const { ask, chip } = downloadChip();
    ask(sync);
    ask(frame(0x0f, [...word(921600), ...word(0)]));
    expect(chip.uart0.read(0x14)).toBe(0x0060002b);
    expect(ask(sync)).toBe('c0010804000707122000000000c0'.repeat(8));
  });

  it('writes an image, resets, and the image runs', () => {
    const program = assembleSegment(
      `start:\n${WATCHDOGS_OFF} movi a3, 0x60000000\n movi a4, 0x21\n s32i a4, a3, 0\n${FOREVER}`,
    );
    const image = buildImage({ segments: [program], entry: program.entry });
    const block = [...image, ...new Array(1024 - image.length).fill(0xff)];
    const { ask, chip, output } = downloadChip();
    ask(sync);
    ask(frame(0x0d, new Array(8).fill(0)));
    expect(ask(frame(0x02, [1024, 1, 1024, 0, 0].flatMap(word)))).toContain('c00102');
    const checksum = block.reduce((sum, byte) => sum ^ byte, 0xef);
    expect(ask(frame(0x03, [...[1024, 0, 0, 0].flatMap(word), ...block], checksum), 0.3)).toContain('c00103');
    ask(frame(0x04, word(0)), 0.3);
    expect(output()).toContain('rst:0x3 (RTC_SW_SYS_RST),boot:0x7 (UART0_BOOT)');
    chip.setBootPin(1);
    chip.reset();
    chip.run({ untilSeconds: chip.seconds + 0.3 });
    expect(output()).toContain('rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)');
    expect(output()).toMatch(/entry 0x4037\w{4}\r\n!$/);
  });

  it('is left by no core reset while GPIO0 was low at the last chip reset; the RTC watchdog with its chip reset leaves it', () => {
    const { ask, chip, output } = downloadChip();
    ask(sync);
    chip.setBootPin(1);
    chip.reset(RESET_REASON.usbUart);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    expect(output()).toContain('rst:0x15 (USB_UART_CHIP_RESET),boot:0x7 (UART0_BOOT)');
    ask(sync);
    // Espressif's tools: the key, 2000 slow clocks, enabled with a reset of RTC and chip as stage 0, locked again.
    const register = (address: number, value: number) =>
      ask(frame(0x09, [address, value, 0xffffffff, 0].flatMap(word)), 0.001);
    register(0x600080b0, 0x50d83aa1);
    register(0x6000809c, 2000);
    register(0x60008098, 0xd0000102);
    register(0x600080b0, 0);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    expect(output()).toContain('rst:0x10 (RTCWDT_RTC_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)');
  });

  it('is entered and left over USB by DTR and RTS, whatever GPIO0 says', () => {
    const { chip, output } = bootChip(new Uint8Array(0));
    chip.usb.downloadRequested = true;
    chip.reset(RESET_REASON.usbUart);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    expect(output()).toContain('rst:0x15 (USB_UART_CHIP_RESET),boot:0x0 (DOWNLOAD(USB/UART0))');
    chip.usb.downloadRequested = false;
    chip.reset(RESET_REASON.usbUart);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    expect(output()).toContain('rst:0x15 (USB_UART_CHIP_RESET),boot:0x8 (SPI_FAST_FLASH_BOOT)');
  });

  it('answers over USB where it is asked over USB', () => {
    const { chip } = bootChip(new Uint8Array(0));
    const bytes: number[] = [];
    chip.usb.onOutput((byte) => bytes.push(byte));
    chip.usb.hostAttached = true;
    chip.usb.downloadRequested = true;
    chip.reset(RESET_REASON.usbUart);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    bytes.length = 0;
    chip.usb.receive(sync);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    expect(Buffer.from(bytes).toString('hex')).toBe('c0010804000707122000000000c0'.repeat(8));
  });

  it('resets again where the cause is none', () => {
    const { chip, output } = bootChip(new Uint8Array(0));
    chip.reset(2);
    chip.run({ untilSeconds: chip.seconds + 0.1 });
    // What it says about it is still in the FIFO then.
    expect(output().split('ESP-ROM:').length).toBeGreaterThan(5);
  });

  it('runs a program from RAM', () => {
    const { data, entry, address } = assembleSegment(
      `start:\n${WATCHDOGS_OFF} movi a3, 0x60000000\n movi a4, 0x21\n s32i a4, a3, 0\n${FOREVER}`,
    );
    const { ask, output } = downloadChip();
    ask(sync);
    ask(frame(0x05, [data.length, 1, 0x1800, address].flatMap(word)));
    const checksum = data.reduce((sum, byte) => sum ^ byte, 0xef);
    ask(frame(0x07, [...[data.length, 0, 0, 0].flatMap(word), ...data], checksum));
    ask(frame(0x06, [0, entry].flatMap(word)));
    expect(output().endsWith('!')).toBe(true);
  });

  it('FLASH_END 1 leaves the loader', () => {
    const { ask, output } = downloadChip();
    ask(sync);
    ask(frame(0x04, word(1)));
    expect(output()).toContain('user code done\r\n');
    expect(ask(sync)).toBe('');
  });
});
