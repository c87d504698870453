/** A connection to the broker, which comes back by itself. */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { FailureError } from '../errors.ts';

export const AT_LEAST_ONCE = { qos: 1 } as const;
export const RETAINED = { qos: 1, retain: true } as const;

/** Milliseconds until a lost connection is tried again. */
const RECONNECT_MS = 500;

/**
 * Connects; later losses heal by themselves, with all subscriptions.
 * @throws FailureError when the broker cannot be reached or turns us away
 */
export async function connectBroker(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  try {
    const client = await connectAsync(
      url,
      { protocolVersion: 5, reconnectPeriod: RECONNECT_MS, connectTimeout: 10_000, ...options },
      false,
    );
    client.on('error', () => {}); // it tries again
    return client;
  } catch (error) {
    const { message } = error as Error;
    throw new FailureError(`the broker at ${withoutPassword(url)} cannot be used: ${message || 'no answer'}`);
  }
}

const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');
