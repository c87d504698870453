/** Opens whatever a person names as a board: a port, a pseudo-terminal, a TCP address. */
import { UsageError } from '../../errors.ts';
import { type Connection, DEFAULT_BAUD } from '../index.ts';

/** Host and port of `socket://host:port`, `tcp://host:port` or `host:port`; undefined for a device path. */
export function parseTcpAddress(text: string): { host: string; port: number } | undefined {
  const match = /^(?:(?:socket|tcp):\/\/)?(\[[^\]]+\]|[^/\\:]+):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[2]);
  if (port < 1 || port > 65535) throw new UsageError(`${text}: TCP ports go from 1 to 65535`);
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/** Opens a serial port, pseudo-terminal or TCP address. @throws FailureError in one sentence */
export async function openConnection(target: string, baud = DEFAULT_BAUD): Promise<Connection> {
  const address = parseTcpAddress(target);
  if (address) {
    const { openTcp } = await import('./tcp.ts');
    return openTcp(address.host, address.port);
  }
  const { openSerialPort } = await import('./serial-port.ts');
  return openSerialPort(target, baud);
}
