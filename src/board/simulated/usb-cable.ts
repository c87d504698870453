/**
 * A computer on the chip's USB-Serial-JTAG (TRM chapter 33): DTR and RTS mean what that peripheral takes them for, and a reset that
 * reaches the peripheral itself makes the computer see the device go and come again.
 */
import { type Chip, RESET_REASON, resetsRtc } from '../../chip/soc/index.ts';
import { type Connection, type ControlLines, createSignal, USB_SERIAL_JTAG } from '../../serial/index.ts';

export interface UsbWire extends Pick<Connection, 'name' | 'onData' | 'write'> {
  /** Lets the board run on at once. */
  wake(): void;
}

/** Plugs in; the connection closes when the device goes, and another plug finds it again. */
export function plugUsb(chip: Chip, { name, onData, write, wake }: UsbWire): Connection {
  const closed = createSignal();
  const lines: Required<ControlLines> = { dtr: false, rts: false };
  let plugged = true;
  chip.usb.hostAttached = true;
  const part = (): void => {
    if (!plugged) return;
    plugged = false;
    chip.usb.hostAttached = false;
    closed.emit();
  };
  chip.onReset((reason) => {
    if (resetsRtc(reason)) part();
  });
  return {
    name,
    usb: USB_SERIAL_JTAG,
    hasLines: true,
    onData: (listener) => onData((bytes) => plugged && listener(bytes)),
    onClose: closed.add,
    async write(bytes) {
      if (!plugged) throw new Error('the device is gone');
      await write(bytes);
    },
    async setLines(wanted) {
      if (!plugged) return;
      const before = { ...lines };
      Object.assign(lines, wanted);
      const { dtr, rts } = lines;
      if (dtr && !rts) chip.usb.downloadRequested = true;
      if (!dtr && !rts) chip.usb.downloadRequested = false;
      if (!dtr && rts && !(before.rts && !before.dtr)) chip.reset(RESET_REASON.usbUart);
      wake();
    },
    setBaud: async () => {},
    close: async () => part(),
  };
}
