/** Serial ports of this machine, by the `serialport` package. */
import { describePorts, type PortInfo } from '../index.ts';

export async function listPorts(): Promise<PortInfo[]> {
  const { SerialPort } = await import('serialport');
  // On Linux the list comes from udevadm, which containers lack or may not run: ports can be named there, but not found.
  const listed = await SerialPort.list().catch((error: NodeJS.ErrnoException) => {
    if (error.syscall?.startsWith('spawn')) return [];
    throw error;
  });
  return describePorts(listed);
}
