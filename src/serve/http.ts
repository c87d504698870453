/** What both shapes of HTTP answers share: streams, and clients that hang up. */

import type { FastifyReply } from 'fastify';
import { messageOf } from '../errors.ts';

/** Aborted when the client hangs up before its answer is complete. */
export function hangUp({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort()); // of a complete answer too, when nothing is left to stop
  return gone.signal;
}

type Send = (value: object | string) => void;

/** Server-sent events. What fails before the first event is an answer of its own, later the last event. */
export const eventStream = (
  reply: FastifyReply,
  work: (send: Send) => Promise<void>,
): Promise<FastifyReply> => stream(reply, 'text/event-stream', (text) => `data: ${text}\n\n`, work);

/** One JSON object a line, as Ollama streams. */
export const lineStream = (reply: FastifyReply, work: (send: Send) => Promise<void>): Promise<FastifyReply> =>
  stream(reply, 'application/x-ndjson', (text) => `${text}\n`, work);

async function stream(
  reply: FastifyReply,
  type: string,
  frame: (text: string) => string,
  work: (send: Send) => Promise<void>,
): Promise<FastifyReply> {
  const { raw } = reply;
  const send: Send = (value) => {
    if (!raw.headersSent) {
      reply.hijack();
      raw.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
    }
    if (!raw.destroyed) raw.write(frame(typeof value === 'string' ? value : JSON.stringify(value)));
  };
  try {
    await work(send);
  } catch (error) {
    if (!raw.headersSent) throw error;
    send({
      error: {
        message: messageOf(error),
        type: 'server_error',
        param: null,
        code: null,
      },
    });
  }
  raw.end();
  return reply;
}
