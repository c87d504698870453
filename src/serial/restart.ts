/**
 * Out of the loader and into the program. Behind a UART bridge the EN line does it. The chip's own USB has no such line: its RTS resets
 * the cores only, and a chip that a person put into download mode by BOOT and RESET would stay there, since only a reset of the whole chip
 * looks at GPIO0 again (esp-idf issue 13287, esptool issue 970). There, and where no lines are, the RTC watchdog bites, as Espressif's
 * tools have it do (esptool targets/esp32s3.py `watchdog_reset`; docs/esp32-s3.md C4).
 */
import { type Connection, DEFAULT_BAUD } from './connection.ts';
import { USB_SERIAL_JTAG } from './ports.ts';

const OPTION1 = 0x6000812c;
const FORCE_DOWNLOAD_BOOT = 1;
const WDTCONFIG0 = 0x60008098;
const WDTCONFIG1 = 0x6000809c;
const WDTWPROTECT = 0x600080b0;
const WDT_KEY = 0x50d83aa1;
/** Enabled; stage 0 resets the RTC, and with it the chip, for two slow clocks. */
const WDT_RESETS_CHIP = 0xd0000102;
/** Of the slow clock: some 30 ms. */
const WDT_TIMEOUT = 2000;
const SWD_CONF = 0x600080b4;
const SWD_WPROTECT = 0x600080b8;
const SWD_KEY = 0x8f1d312a;
const SWD_AUTO_FEED = 0x80000000;

const EN_LOW_MS = 100;

/** What of the loader is needed here (esptool-js's ESPLoader; its types want Web Serial's, which our users should not have to install). */
interface RegisterWriter {
  writeReg(address: number, value: number, mask?: number): Promise<void>;
}

export const isNativeUsb = ({ usb }: Connection): boolean =>
  usb?.vendorId === USB_SERIAL_JTAG.vendorId && usb.productId === USB_SERIAL_JTAG.productId;

/** A reset over native USB leaves the program's watchdogs running, and they would bite during a transfer. */
export async function calmWatchdogs(loader: RegisterWriter): Promise<void> {
  await loader.writeReg(WDTWPROTECT, WDT_KEY);
  await loader.writeReg(WDTCONFIG0, 0);
  await loader.writeReg(WDTWPROTECT, 0);
  await loader.writeReg(SWD_WPROTECT, SWD_KEY);
  await loader.writeReg(SWD_CONF, SWD_AUTO_FEED, SWD_AUTO_FEED);
  await loader.writeReg(SWD_WPROTECT, 0);
}

/** Resets into what was written. */
export async function restart(connection: Connection, loader: RegisterWriter): Promise<void> {
  if (isNativeUsb(connection) || !connection.hasLines) return resetByWatchdog(loader, connection);
  await connection.setBaud(DEFAULT_BAUD);
  await connection.setLines({ dtr: false, rts: true });
  await new Promise((resolve) => setTimeout(resolve, EN_LOW_MS));
  await connection.setLines({ dtr: false, rts: false });
}

async function resetByWatchdog(loader: RegisterWriter, connection: Connection): Promise<void> {
  await loader.writeReg(OPTION1, 0, FORCE_DOWNLOAD_BOOT);
  await loader.writeReg(WDTWPROTECT, WDT_KEY);
  await loader.writeReg(WDTCONFIG1, WDT_TIMEOUT);
  const bites = loader.writeReg(WDTCONFIG0, WDT_RESETS_CHIP);
  await bites.catch(() => {}); // the reset may come before the answer
  await connection.setBaud(DEFAULT_BAUD).catch(() => {}); // the port of a chip's own USB goes and comes again
}
