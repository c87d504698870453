/** Serial ports of this machine, and which of them may be an ESP32-S3. */
import { UsageError } from '../errors.ts';
import type { UsbId } from './connection.ts';

export interface PortInfo {
  path: string;
  usb?: UsbId;
  /** What is plugged in, for people. */
  description: string;
  /** True where the USB ids are those of a board or of a usual bridge. */
  likely: boolean;
}

/** USB vendors of native USB and of the bridges on boards (ids from the USB-IF list and the makers' data sheets). */
const VENDORS: Record<number, string> = {
  12346: 'Espressif USB',
  4292: 'Silicon Labs CP210x bridge',
  6790: 'WCH CH34x/CH9102 bridge',
  1027: 'FTDI bridge',
  1659: 'Prolific PL2303 bridge',
};

/** USB-Serial-JTAG of the S3 and its siblings. */
export const USB_SERIAL_JTAG: UsbId = { vendorId: 0x303a, productId: 0x1001 };

/** Raw form of a port, as the `serialport` package lists it. */
export interface ListedPort {
  path: string;
  vendorId?: string;
  productId?: string;
  manufacturer?: string;
}

/** Describes listed ports, likely ones first. */
export function describePorts(listed: readonly ListedPort[]): PortInfo[] {
  return listed
    .map(({ path, vendorId, productId, manufacturer }) => {
      const usb =
        vendorId && productId
          ? { vendorId: Number.parseInt(vendorId, 16), productId: Number.parseInt(productId, 16) }
          : undefined;
      const known = usb && VENDORS[usb.vendorId];
      return {
        path,
        usb,
        likely: known !== undefined,
        description: known ?? manufacturer ?? 'unknown device',
      };
    })
    .sort((a, b) => Number(b.likely) - Number(a.likely));
}

/**
 * The port to use: the only likely one, or what `ask` chooses among several.
 * @param ask absent without a terminal: several candidates are then an error that names them
 */
export async function choosePort(
  ports: readonly PortInfo[],
  ask?: (candidates: readonly PortInfo[]) => Promise<string>,
): Promise<string> {
  const candidates = ports.filter((port) => port.likely);
  if (candidates.length === 1) return candidates[0].path;
  if (candidates.length === 0) {
    throw new UsageError(
      'no board was found on USB: plug it in with a cable that carries data, or name the port with --port',
    );
  }
  if (ask) return ask(candidates);
  const list = candidates.map(({ path, description }) => `${path} (${description})`).join(', ');
  throw new UsageError(`several boards may be meant: ${list}; name one with --port`);
}
